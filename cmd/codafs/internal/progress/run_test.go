package progress

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
)

// fiveMinutes is a run that lists for two minutes and copies for three, with an event every 10 ms.
func fiveMinutes(p *Run) {
	time.Sleep(2 * time.Minute)
	p.Listed(snapshot.Plan{Docs: 1, Pages: 18_000, Files: 18_000})
	for i := range 18_000 {
		time.Sleep(10 * time.Millisecond)
		left := 18_000 - i - 1
		p.Copied(format.File{Kind: fs.KindPage, Size: 1024}, snapshot.Estimate{Requests: 3 * left, Minutes: float64(left) / 6000})
	}
	p.End()
}

func TestALogGetsALineAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, err bytes.Buffer
		p, _ := NewRun(term.Streams{Out: &out, Err: &err}, false, false)
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
		s := term.NewScreen(&out, func() int { return 80 })
		p := &Run{stopped: make(chan struct{})}
		p.every(redrawEvery, func(now state) { s.Redraw(now.String()) }, s.Clear)
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
		p, _ := NewRun(term.Streams{Out: &out, Err: &err}, true, false)
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
		p, _ := NewRun(term.Streams{Out: &out, Err: &err}, true, true)
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
		if got := s.String(); got != want || !strings.Contains(got, "12 requests left, about 30 min left") {
			t.Errorf("%q, then %q", want, got)
		}
	})
}

// What is counted while a run goes on is what its end counts.
func TestTheProgressHasTheUnitsOfTheEnd(t *testing.T) {
	var s state
	s.begin(snapshot.Plan{Docs: 1, Pages: 3, Tables: 2, Views: 1, Files: 20})
	for path, kind := range map[string]fs.Kind{"docs/a/doc.json": fs.KindDoc, "docs/a/pages/p.md": fs.KindPage, "docs/a/tables/table/t.csv": fs.KindRows,
		"docs/a/tables/table/t.columns.json": fs.KindColumns, "docs/a/tables/view/v.csv": fs.KindRows} {
		s.copied(format.File{Kind: kind, Path: path, Size: 1024}, snapshot.Estimate{})
	}
	if got, want := s.String(), "25%, 1 doc, 1 of 3 pages, 1 of 2 tables, 1 of 1 view; 5 of 20 files, 5 KiB"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if e := s.event(); e.Tables != 2 || e.TablesDone != 1 || e.Views != 1 || e.ViewsDone != 1 || e.Pages != 3 || e.PagesDone != 1 {
		t.Errorf("%+v", e)
	}
}

// What is wanted most is whole at any width, and nothing is wider than the terminal.
func TestALineHasWhatIsWantedMost(t *testing.T) {
	s := state{listed: true, plan: snapshot.Plan{Docs: 3, Pages: 1200, Tables: 50, Views: 3, Files: 2000, Estimate: snapshot.Estimate{Requests: 4000}},
		files: 900, left: 2200, leftFor: 12 * time.Minute, bytes: 5 << 20, limit: "limit: exports", now: `page "Frühjahr 2026 — 次の会議の準備 🚀"`}
	s.done.Pages.Total = 540
	for columns, want := range map[int]string{
		49:  `[####------] 45%, 12 min left, 540/1200 pages`,
		79:  `[####------] 45%, 12 min left, 540/1200 pages, limit: exports, page "Frühjahr …`,
		100: `[####------] 45%, 12 min left, 540/1200 pages, limit: exports, page "Frühjahr 2026 — 次の会議の準備…`,
		140: `[####------] 45%, 12 min left, 540/1200 pages, 0/50 tables, 0/3 views, 5 MiB, limit: exports, page "Frühjahr 2026 — 次の会議の準備 🚀"`,
	} {
		if got := s.line(columns); got != want {
			t.Errorf("%d columns: %q, want %q", columns, got, want)
		}
	}
	s.silence = 40 * time.Second
	if got, want := s.line(70), "[####------] 45%, no answer from Coda for 40 s, gives up after 5 min"; got != want {
		t.Errorf("in an outage %q, want %q", got, want)
	}
	if got, want := s.line(49), "[####------] 45%, no answer from Coda for 40 s"; got != want {
		t.Errorf("in an outage %q, want %q", got, want)
	}
	start := state{silence: 40 * time.Second, requests: 3}
	if got, want := start.line(60), "listing, no answer from Coda for 40 s, gives up after 5 min"; got != want {
		t.Errorf("in an outage at the start %q, want %q", got, want)
	}
	if got, want := start.line(100), "listing the workspace, 3 requests, no answer from Coda for 40 s, gives up after 5 min"; got != want {
		t.Errorf("where there is room %q, want %q", got, want)
	}
	if got, want := start.line(40), "listing, no answer from Coda for 40 s"; got != want {
		t.Errorf("in a narrow terminal %q, want %q", got, want)
	}
	start = state{requests: 3, limit: "Coda wants no lists of docs for 107 s"}
	if got, want := start.line(49), "listing, Coda wants no lists of docs for 107 s"; got != want {
		t.Errorf("in a pause at the start %q, want %q", got, want)
	}
	if got, want := (state{silence: 100 * time.Second}).String(), "listing the workspace, 0 requests so far, no answer from Coda for 100 s, gives up after 5 min"; got != want {
		t.Errorf("a log has %q, want %q", got, want)
	}
	for columns := range 130 {
		if got := s.line(columns); columns > 40 && term.Width(got) > columns {
			t.Errorf("%q is wider than %d", got, columns)
		}
	}
}

// An outage is told of once, when it has lasted for two seconds, and so is its end.
func TestAnOutageIsNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var news outageNews
		clock := func(d time.Duration) string { return time.Now().Add(d).Local().Format(time.TimeOnly) }
		want := []string{"", "", "Coda cannot be reached since " + clock(0) + ": no route to host; waiting for it until " + clock(SilenceLimit) + " at the latest",
			"", "Coda answers again, after 4 s", ""}
		start, why := time.Now(), &rest.Error{Code: rest.CodeUnreachable, Err: errors.New("no route to host")}
		for i, want := range want {
			s := state{away: why, awayAt: start, silence: time.Since(start)}
			if i >= 4 {
				s = state{}
			}
			if got := news.line(s); got != want {
				t.Errorf("after %d s %q, want %q", i, got, want)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestAllIsOnlyWhenTheLastFileIsThere(t *testing.T) {
	for _, c := range []struct{ files, missing, left, want int }{{0, 0, 100, 0}, {0, 0, 96, 4}, {19, 0, 0, 99}, {19, 1, 0, 100}, {20, 0, 0, 100}} {
		s := state{listed: true, plan: snapshot.Plan{Files: 20, Estimate: snapshot.Estimate{Requests: 100}}, files: c.files, missing: c.missing, left: c.left}
		if got := s.percent(); got != c.want {
			t.Errorf("%+v: %d%%", c, got)
		}
	}
}

func TestTheLimitThatIsWaitedFor(t *testing.T) {
	now := time.Now()
	wait := func(class rate.Class, in time.Duration, processes ...int) rate.Status {
		return rate.Status{Class: class, Background: 3, FreeAt: now.Add(in), Processes: processes}
	}
	idle := wait(coda.ClassList, time.Hour)
	idle.Background = 0
	paused := wait(coda.ClassRead, 50*time.Second, 1)
	paused.PausedUntil = now.Add(50 * time.Second)
	for want, limits := range map[string][]rate.Status{
		"":                                      {idle, wait(coda.ClassExport, 0, 1)},
		"limit: exports":                        {idle, wait(coda.ClassRead, time.Second, 1), wait(coda.ClassExport, 3*time.Second, 1)},
		"limit: exports, shared with a process": {wait(coda.ClassExport, 3*time.Second, 1, 2)},
		"Coda wants no reads for 50 s":          {wait(coda.ClassExport, 3*time.Second, 1), paused},
	} {
		if got := limitText(limits, now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
