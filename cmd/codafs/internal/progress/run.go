package progress

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
)

// How often progress is shown at most: redrawn on a terminal, as a line in a log, as an object for a program.
const (
	redrawEvery = 100 * time.Millisecond
	lineEvery   = time.Minute
	objectEvery = time.Second
)

// Run shows how far a snapshot is, from NewRun to End. Errors of output are ignored: no run fails because of
// them, or waits. It is a [snapshot.Progress]; those methods may be called from several goroutines.
type Run struct {
	stopped chan struct{}
	drawing sync.WaitGroup
	sampled time.Time // when limits were last read; used only by the goroutine that draws

	mu     sync.Mutex // guards all below; not held during output
	client *coda.Client
	state  state
}

// NewRun starts to show progress; the caller must call End. Messages must go to the returned streams meanwhile. Which form is
// shown depends on where standard error leads, for JSON on nothing; quiet, which takes precedence, shows none.
func NewRun(std term.Streams, asJSON, quiet bool) (*Run, term.Streams) {
	p := &Run{stopped: make(chan struct{})}
	s, drawn := term.ScreenOn(std.Err)
	switch {
	case quiet:
	case asJSON:
		out := json.NewEncoder(std.Out)
		var last event
		p.every(objectEvery, func(s state) {
			// An hour of waiting for a limit is one object, not 3,600.
			if e := s.event(); e != last {
				last = e
				e.Time = time.Now().UTC().Truncate(time.Millisecond)
				_ = out.Encode(e)
			}
		}, func() {})
	case drawn:
		var news outageNews
		p.every(redrawEvery, func(now state) {
			if line := news.line(now); line != "" {
				fmt.Fprintln(s, "codafs: "+line)
			}
			s.Redraw(now.line(s.Columns()))
		}, s.Clear)
		// All messages go by way of the screen from now on: it removes the line before each.
		std.Err = s
	default:
		p.every(lineEvery, func(s state) { fmt.Fprintln(std.Err, "codafs: "+s.String()) }, func() {})
	}
	return p, std
}

// every shows the state at intervals, not at each event: there are no events while the workspace is listed. At the end
// it calls clear. show and clear are called by one goroutine, and without the lock, so a slow terminal delays no copying.
func (p *Run) every(d time.Duration, show func(state), clear func()) {
	p.drawing.Go(func() {
		defer clear()
		tick := time.NewTicker(d)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				show(p.now())
			case <-p.stopped:
				return
			}
		}
	})
}

// limitsEvery is how often the limit that is waited for is read. The limits are in a file that all processes share, and the
// line is redrawn ten times a second.
const limitsEvery = time.Second

// now is the current state, with limits and times. Only the goroutine that draws may call it, for p.sampled. The client is
// asked for its limits without the lock: that reads a file, and may wait for another process.
func (p *Run) now() state {
	p.mu.Lock()
	client := p.client
	p.mu.Unlock()
	// A mount's process sends the requests, and nothing is known of them here.
	if client == nil {
		return p.current()
	}
	limit, look := "", time.Since(p.sampled) >= limitsEvery
	if look {
		p.sampled, limit = time.Now(), limitText(client.Limits(), time.Now())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.requests, p.state.silence = int(client.Usage().Requests), client.Silence()
	p.state.awayAt, p.state.away = client.Away()
	if look {
		p.state.limit = limit
	}
	return p.state
}

// current is the state as events left it.
func (p *Run) current() state {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// End removes the line. After it returns nothing more is shown. It must be called once, also after a failure.
func (p *Run) End() {
	close(p.stopped)
	p.drawing.Wait()
}

// Watch sets the client that does the work, if it is in this process. Without one, as with a mount, requests, limits and
// outages are not known and not shown.
func (p *Run) Watch(client *coda.Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.client = client
}

// Listed implements [snapshot.Progress]. It also tells the rate buckets how many exports are to come, so that 'codafs
// status' can say when the run will be done. Only exports are planned: of a run they are what takes longest.
func (p *Run) Listed(plan snapshot.Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.client != nil {
		p.client.Plan(coda.ClassExport, plan.ByClass[string(coda.ClassExport)])
	}
	p.state.begin(plan)
}

// Fetching implements [snapshot.Progress].
func (p *Run) Fetching(e fs.Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.now = fetching(e)
}

// Copied implements [snapshot.Progress].
func (p *Run) Copied(f format.File, left snapshot.Estimate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.copied(f, left)
}

// Missed implements [snapshot.Progress].
func (p *Run) Missed(_ fs.Failure, left snapshot.Estimate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.missing++
	p.state.wait(left)
}
