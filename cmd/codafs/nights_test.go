package main

import (
	"bytes"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/backup"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda/codatest"
)

// What a run with --incremental fetches, night after night: what changed, once more while it is
// young, and nothing else.
func TestARunFetchesWhatChanged(t *testing.T) {
	today := time.Now().Round(0) // the stamps of files are of the real clock
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(today))
		w := faultWorkspace()
		service := codatest.New(w, codatest.Options{Latency: 50 * time.Millisecond, Throttle: true})
		dir := quickDir(t)
		everything := []string{"export Notes_001", "export Plan_0001", "export Risks_002", "rows OpenTask1", "rows Tasks_001"}
		edited := []string{"export Plan_0001", "rows OpenTask1", "rows Tasks_001"}
		for _, night := range []struct {
			name string
			edit func()
			want []string
			rest time.Duration // after it
		}{
			{name: "first", want: everything, rest: 24 * time.Hour},
			{name: "nothing changed", rest: 24 * time.Hour},
			{name: "a row was edited", edit: func() { w.SetCell(launchDoc, tasksTable, "i-1", "c-Name", codatest.Text("edited")) }, want: edited, rest: 11 * time.Minute},
			{name: "what was young is fetched once more", want: edited, rest: time.Hour},
			{name: "now it is settled", rest: 24 * time.Hour},
			{name: "a page was edited", edit: func() { w.SetPageBody(notesDoc, "canvas-Notes_001", "other\n"); time.Sleep(time.Hour) },
				want: []string{"export Notes_001"}, rest: 24 * time.Hour},
			{name: "nothing changed again"},
		} {
			if night.edit != nil {
				night.edit()
			}
			before := len(service.Requests())
			var out bytes.Buffer
			var talk stream
			if err := snapshotWith(t.Context(), t, &backup.Options{Incremental: true}, service.RoundTripper(), dir, term.Streams{Out: &out, Err: &talk}); err != nil {
				t.Fatalf("%s: %v\n%s", night.name, err, talk.String())
			}
			if got := fetched(service.Requests()[before:]); !slices.Equal(got, night.want) {
				t.Errorf("%s: fetched %q, want %q", night.name, got, night.want)
			}
			time.Sleep(night.rest)
		}
	})
}

// fetched names the contents that requests are for, sorted.
func fetched(sent []codatest.Request) (what []string) {
	short := func(id string) string { return id[strings.Index(id, "-")+1:] }
	for _, r := range sent {
		switch {
		case r.Method == http.MethodPost:
			what = append(what, "export "+short(path.Base(path.Dir(r.Path))))
		case path.Base(r.Path) == "rows":
			what = append(what, "rows "+short(path.Base(path.Dir(r.Path))))
		}
	}
	slices.Sort(what)
	return what
}
