package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
)

// fiveMinutes is a run that lists for two minutes and copies for three, with an event every 10 ms.
func fiveMinutes(p *progress) {
	time.Sleep(2 * time.Minute)
	p.Listed(snapshot.Plan{Docs: 1, Pages: 18_000, Files: 18_000})
	for i := range 18_000 {
		time.Sleep(10 * time.Millisecond)
		left := 18_000 - i - 1
		p.Copied(snapshot.File{Kind: fs.KindPage, Size: 1024}, snapshot.Estimate{Requests: 3 * left, Minutes: float64(left) / 6000})
	}
	p.end()
}

func TestALogGetsALineAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, err bytes.Buffer
		p, _ := newProgress(streams{out: &out, err: &err}, false, false)
		fiveMinutes(p)
		text := err.String()
		if n := strings.Count(text, "\n"); n < 4 || n > 5 || strings.Count(text, "listing the workspace") < 1 {
			t.Errorf("%d lines in five minutes:\n%s", n, text)
		}
		if strings.ContainsAny(text, "\x1b\r") || out.Len() > 0 {
			t.Errorf("a log holds %q, standard output %q", text, out.String())
		}
	})
}

// stamped counts what is written, by the time.
type stamped struct{ writes []time.Time }

func (s *stamped) Write(b []byte) (int, error) {
	s.writes = append(s.writes, time.Now())
	return len(b), nil
}

// A terminal is redrawn at most ten times in any second.
func TestATerminalIsRedrawnTenTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out stamped
		s := &screen{out: &out, width: func() int { return 80 }}
		p := &progress{stopped: make(chan struct{})}
		p.every(redrawEvery, func(now state) { s.redraw(now.String()) }, s.clear)
		fiveMinutes(p)
		out.writes = out.writes[:len(out.writes)-1] // it is cleared at the end
		for i, at := range out.writes {
			if i >= 10 && at.Sub(out.writes[i-10]) < time.Second {
				t.Fatalf("11 times between %v and %v", out.writes[i-10], at)
			}
		}
		if n := len(out.writes); n < 1000 {
			t.Errorf("redrawn %d times in three minutes of change", n)
		}
	})
}

func TestAProgramGetsAnObjectASecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, err bytes.Buffer
		p, _ := newProgress(streams{out: &out, err: &err}, true, false)
		fiveMinutes(p)
		var last event
		n := 0
		for line := range strings.Lines(out.String()) {
			var e event
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.Schema != schemaProgress {
				t.Fatalf("%q: %v", line, err)
			}
			if n > 0 && e.Time.Sub(last.Time) < time.Second {
				t.Errorf("%v after %v", e.Time, last.Time)
			}
			if last, n = e, n+1; n == 1 && e.Phase != "list" {
				t.Errorf("the first says %q", e.Phase)
			}
		}
		// While it lists in silence nothing changes, so that there is nothing to say.
		if n < 170 || n > 185 || err.Len() > 0 {
			t.Errorf("%d objects; on standard error %q", n, err.String())
		}
		if left := last.Files - last.FilesDone; last.Phase != "copy" || last.Pages != 18_000 || left > 100 ||
			last.BytesDone != int64(1024*last.PagesDone) || last.RequestsLeft != 3*left {
			t.Errorf("the last is %+v", last)
		}
	})
}

func TestQuietShowsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, err bytes.Buffer
		p, _ := newProgress(streams{out: &out, err: &err}, true, true)
		fiveMinutes(p)
		if out.Len()+err.Len() > 0 {
			t.Errorf("said %q, %q", out.String(), err.String())
		}
	})
}

func TestTheTimeToEndStandsStillWhileNothingComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s state
		s.begin(snapshot.Plan{Docs: 2, Pages: 4, Estimate: snapshot.Estimate{Requests: 12, Minutes: 30}})
		want := s.String()
		time.Sleep(10 * time.Minute)
		if got := s.String(); got != want || !strings.Contains(got, "12 requests left, until about ") {
			t.Errorf("%q, then %q", want, got)
		}
	})
}

// A line is cut where it would wrap, and leaves nothing of a longer one before it behind.
func TestAScreenHoldsOneLine(t *testing.T) {
	var out bytes.Buffer
	s := &screen{out: &out, width: func() int { return 11 }}
	s.redraw("a line that is too long")
	s.redraw("short")
	s.redraw("short")
	s.Write([]byte("words\n"))
	s.redraw("again")
	s.clear()
	s.clear()
	want := "\ra line tha" + "\rshort     " + "\r     \r" + "words\n" + "\ragain" + "\r     \r"
	if out.String() != want {
		t.Errorf("written %q\nwant    %q", out.String(), want)
	}
}

// What is counted while a run goes on is what its end counts.
func TestTheProgressHasTheUnitsOfTheEnd(t *testing.T) {
	var s state
	s.begin(snapshot.Plan{Docs: 1, Pages: 3, Tables: 2, Views: 1, Files: 20})
	for path, kind := range map[string]fs.Kind{"docs/a/doc.json": fs.KindDoc, "docs/a/pages/p.md": fs.KindPage, "docs/a/tables/table/t.csv": fs.KindRows,
		"docs/a/tables/table/t.columns.json": fs.KindColumns, "docs/a/tables/view/v.csv": fs.KindRows} {
		s.copied(snapshot.File{Kind: kind, Path: path, Size: 1024}, snapshot.Estimate{})
	}
	if got, want := s.String(), "1 doc, 1 of 3 pages, 1 of 2 tables, 1 of 1 view; 5 of 20 files, 5 KiB"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if e := s.event(); e.Tables != 2 || e.TablesDone != 1 || e.Views != 1 || e.ViewsDone != 1 || e.Pages != 3 || e.PagesDone != 1 {
		t.Errorf("%+v", e)
	}
}
