package progress

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
)

// A wait is told of after two seconds, with its end, and what was told is gone when it is over.
func TestWaitsAreShownAfterTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out terminal
		w := &Waits{command: "ls", screen: term.NewScreen(&out, func() int { return 100 }), stopped: make(chan struct{})}
		until := time.Now().Add(30 * time.Second)
		waiting := func() rest.Waiting {
			if time.Now().After(until) {
				return rest.Waiting{}
			}
			return rest.Waiting{For: rest.ForPause, Until: until, Limit: rate.Status{Class: coda.ClassRead}}
		}
		w.drawing.Go(func() { w.draw(waiting) })
		time.Sleep(2 * time.Second)
		if out.String() != "" {
			t.Errorf("shown after two seconds: %q", out.String())
		}
		time.Sleep(8*time.Second + waitLook/2) // not at the moment of a look
		want := "codafs: ls waits 20s more, until " + until.Local().Format(time.TimeOnly) + ": Coda asked for a pause (read)"
		if lines := strings.Split(out.String(), "\r"); len(lines) > 12 || !strings.HasPrefix(want, "codafs: ls waits 20s") || strings.TrimRight(lines[len(lines)-1], " ") != want {
			t.Errorf("after ten seconds %q, want %q last", lines, want)
		}
		time.Sleep(21 * time.Second)
		if !strings.HasSuffix(out.String(), " \r") {
			t.Errorf("at the end %q", out.String())
		}
		w.End()
	})
}

func TestWhatIsWaitedForIsNamed(t *testing.T) {
	now := time.Now()
	at := now.Add(90 * time.Second)
	clock := at.Local().Format(time.TimeOnly)
	limit := rate.Status{Class: coda.ClassList, Rate: rate.Rate{N: 4, Per: 6 * time.Second}, Processes: []int{4711}}
	for want, w := range map[string]rest.Waiting{
		"1m30s more, until " + clock + ": Coda asked for a pause (list)":                                         {For: rest.ForPause, Until: at, Limit: limit},
		"1m30s more, until " + clock + ": the limit of 4 requests in 6s is used up (list), also by process 4711": {For: rest.ForTurn, Until: at, Limit: limit},
		"1m30s more, then asks again: no route to host":                                                          {For: rest.ForRetry, Until: at, Why: &rest.Error{Code: rest.CodeUnreachable, Err: errors.New("no route to host")}},
		"1m30s more, then asks again: GET /docs: 503 Service Unavailable (sent 2 times)":                         {For: rest.ForRetry, Until: at, Why: &rest.Error{Code: rest.CodeServerError, Method: "GET", Path: "/docs", Status: 503, Attempts: 2}},
		"1s more, then asks again: no network":                                                                   {For: rest.ForRetry, Until: now.Add(100 * time.Millisecond), Why: errors.New("no network")},
		"for Coda's answer, for 7s":                                                                              {For: rest.ForAnswer},
	} {
		if got := waitText(w, 7*time.Second, now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// terminal is written to while it is read.
type terminal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *terminal) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *terminal) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
