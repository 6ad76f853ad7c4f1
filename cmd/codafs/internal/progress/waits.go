package progress

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
)

const (
	// waitShownAfter is how long a command may wait before it shows what it waits for.
	waitShownAfter = 2 * time.Second
	// waitLook is how often the wait is checked and the text updated.
	waitLook = 250 * time.Millisecond
)

// Waits shows on a terminal what a command waits for, in a line that goes when the wait ends or other text is printed. Waits of
// less than waitShownAfter are not shown: a line that comes and goes at once only disturbs.
type Waits struct {
	command string
	screen  *term.Screen // nil if nothing is shown
	stopped chan struct{}
	drawing sync.WaitGroup
}

// ShowWaits returns the streams that the command must write to until it calls End. If standard error is no terminal they
// are std's own, and nothing is shown: a script's log is not to be filled with waits.
func ShowWaits(std term.Streams, command string) (*Waits, term.Streams) {
	w := &Waits{command: command, stopped: make(chan struct{})}
	s, ok := term.ScreenOn(std.Err)
	if !ok {
		return w, std
	}
	w.screen = s
	return w, term.Streams{In: std.In, Out: s.Beside(std.Out), Err: s}
}

// Watch sets the client that does the work. It may be called once, before End.
func (w *Waits) Watch(client *coda.Client) {
	if w.screen != nil {
		w.drawing.Go(func() { w.draw(client.Waiting) })
	}
}

// End removes the line. It must be called once, also if Watch was not.
func (w *Waits) End() {
	close(w.stopped)
	w.drawing.Wait()
}

// draw shows what is waited for until End is called.
func (w *Waits) draw(waiting func() rest.Waiting) {
	defer w.screen.Clear()
	tick := time.NewTicker(waitLook)
	defer tick.Stop()
	var since time.Time
	for {
		select {
		case <-w.stopped:
			return
		case now := <-tick.C:
			what := waiting()
			switch {
			case what.For == rest.ForNothing:
				since = time.Time{}
				w.screen.Clear()
			// The wait is measured from the look that first found it, so it is shown a quarter of a second late at most.
			case since.IsZero():
				since = now
			case now.Sub(since) >= waitShownAfter:
				w.screen.Redraw("codafs: " + w.command + " waits " + waitText(what, now.Sub(since), now))
			}
		}
	}
}

// waitText says what is waited for, and since when or until when. The seconds are rounded up: a wait of 0.3 s is not over.
func waitText(w rest.Waiting, waited time.Duration, now time.Time) string {
	left := max(w.Until.Sub(now)+time.Second-1, 0).Truncate(time.Second) // round up: the last second counts, too
	until := fmt.Sprintf("%v more, until %s", left, w.Until.Local().Format(time.TimeOnly))
	switch w.For {
	case rest.ForPause:
		return fmt.Sprintf("%s: Coda asked for a pause (%s)", until, w.Limit.Class)
	case rest.ForTurn:
		text := fmt.Sprintf("%s: the limit of %d requests in %v is used up (%s)", until, w.Limit.Rate.N, w.Limit.Rate.Per, w.Limit.Class)
		if others := slices.DeleteFunc(slices.Clone(w.Limit.Processes), func(pid int) bool { return pid == os.Getpid() }); len(others) > 0 {
			text += fmt.Sprintf(", also by process %d", others[0])
		}
		return text
	case rest.ForRetry:
		return fmt.Sprintf("%v more, then asks again: %s", left, term.Printable(reason(w.Why).Error()))
	}
	return fmt.Sprintf("for Coda's answer, for %v", waited.Round(time.Second))
}
