package daemon

import (
	"strings"
	"testing"

	"github.com/codafs/codafs/fs"
)

func TestStatusOfAFailureWithoutAPath(t *testing.T) {
	r := Report{Mountpoint: "/mnt", State: Live, Status: map[string]any{}, Errors: []fs.Failure{
		{Message: "GET /whoami: 500"}, {Path: "docs", Message: "GET /docs: 500"}, {ObjectID: "a b", Message: "left out"}}}
	var got []string
	for _, line := range r.Lines() {
		if line[0] == "" {
			_, text, _ := strings.Cut(line[1], " ") // the day
			_, text, _ = strings.Cut(text, " ")     // the time
			got = append(got, text)
		}
	}
	if want := "GET /whoami: 500|docs: GET /docs: 500|a b: left out"; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What a mount says comes in one order, and what only another version knows does no harm.
func TestStatusHasItsLinesInOneOrder(t *testing.T) {
	r := Report{Mountpoint: "/mnt", State: Live, Status: map[string]any{
		"account": "a@example.com", "pid": 4711.0, "docs": 3.0, "docs_listed_age_seconds": 90.0, "docs_from_earlier_run": true,
		"downloads": map[string]any{"running": 1.0, "done": 2.0}, "service_down": "no DNS", "token_problem": "refused", "errors": 0.0, "warnings": 2.0, "later": []any{1.0}}}
	for range 50 {
		var got []string
		for _, line := range r.Lines() {
			got = append(got, line[0])
		}
		if want := "mount|account|process|docs|downloads|service down|token|errors|warnings"; strings.Join(got, "|") != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}
