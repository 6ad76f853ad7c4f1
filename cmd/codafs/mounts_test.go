package main

import (
	"strings"
	"testing"

	"github.com/codafs/codafs/fs"
)

func TestStatusOfAFailureWithoutAPath(t *testing.T) {
	r := mountReport{Mountpoint: "/mnt", State: mountLive, Status: map[string]any{}, Errors: []fs.Failure{
		{Message: "GET /whoami: 500"}, {Path: "docs", Message: "GET /docs: 500"}, {ObjectID: "a b", Message: "left out"}}}
	var got []string
	for _, line := range r.lines() {
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
