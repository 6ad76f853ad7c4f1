package writing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"slices"
	"strings"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/edit/outbox"
	"github.com/codafs/codafs/snapshot/format"
)

// Run is one run of a command that sends. It holds the outbox until Close.
type Run struct {
	desk    *Desk
	sender  *outbox.Sender
	release func()
	// Jobs are those that this run has worked on.
	Jobs []*outbox.Job
	// Rejected says that a file was rejected.
	Rejected bool
}

// Begin makes this process the one that sends, and goes on with what earlier runs have left.
func (d *Desk) Begin(ctx context.Context) (*Run, error) {
	release, err := d.Box.Lock()
	if errors.Is(err, outbox.ErrBusy) {
		return nil, exit.Error{Code: format.ExitLocked, Err: err}
	}
	if err != nil {
		return nil, exit.Error{Code: format.ExitDestination, Err: err}
	}
	r := &Run{desk: d, release: release, sender: &outbox.Sender{Service: d.Service, NoWait: d.Flags.NoWait, StaleOK: d.Flags.StaleOK}}
	jobs, err := d.Jobs()
	if err != nil {
		release()
		return nil, err
	}
	waits := func(st outbox.Status) bool { return !st.Over() && st != outbox.Held }
	for _, j := range jobs {
		if len(j.Those(waits)) == 0 {
			continue
		}
		r.Jobs = append(r.Jobs, j)
		if err := r.sender.Run(ctx, j, jobs); err != nil {
			release()
			return nil, ended(err)
		}
	}
	return r, nil
}

// Close lets others send.
func (r *Run) Close() { r.release() }

// Send carries out plans. A plan with problems sends nothing, and the others go on.
func (r *Run) Send(ctx context.Context, plans []*outbox.Plan) error {
	for _, p := range plans {
		if len(p.Problems) > 0 {
			r.Rejected = true
			continue
		}
		if len(p.Edits)+len(p.Held) == 0 {
			continue
		}
		jobs, err := r.desk.Jobs()
		if err != nil {
			return err
		}
		j, err := r.begin(p, jobs)
		if err != nil {
			return err
		}
		r.Jobs = append(r.Jobs, j)
		if err := r.sender.Run(ctx, j, append(jobs, j)); err != nil {
			return ended(err)
		}
	}
	return nil
}

// begin makes a job of a plan. What is held is in it too, so that it is told until somebody decides; what the same file had
// held before is decided by that.
func (r *Run) begin(p *outbox.Plan, jobs []*outbox.Job) (*outbox.Job, error) {
	for _, old := range jobs {
		if old.File != p.File || old.Object.ID != p.Object.ID || p.File == "" {
			continue
		}
		held := old.Those(func(st outbox.Status) bool { return st == outbox.Held })
		if err := old.Step(outbox.Step{At: p.Made, Status: outbox.Dropped, Edits: held, Why: "the file was applied again"}); err != nil {
			return nil, exit.Error{Code: format.ExitDestination, Err: err}
		}
	}
	first, held := len(p.Edits), p.Held
	for _, h := range held {
		e := h.Edit
		e.Line, e.Key = h.Line, h.Key
		p.Edits = append(p.Edits, e)
	}
	j, err := r.desk.Box.Begin(p)
	switch {
	case errors.Is(err, outbox.ErrUsed):
		return nil, exit.UsageError{Err: err}
	case err != nil:
		return nil, exit.Error{Code: format.ExitDestination, Err: err}
	}
	for i, h := range held {
		if err := j.Step(outbox.Step{At: p.Made, Status: outbox.Held, Edits: []int{first + i}, Why: heldLine(p, h)}); err != nil {
			return nil, exit.Error{Code: format.ExitDestination, Err: err}
		}
	}
	return j, nil
}

// ended gives an error of sending its exit code. What was not sent waits in the outbox.
func ended(err error) error {
	var path *iofs.PathError
	switch e, ok := errors.AsType[*rest.Error](err); {
	case ok && (e.Code == rest.CodeForbidden || e.Code == rest.CodeUnauthorized):
		return exit.Error{Code: format.ExitRefused, Err: fmt.Errorf("the token is refused for this write, which waits in the outbox (codafs writes): a token that may write is needed, see --write-token-file: %w", err)}
	case ok:
		return exit.Error{Code: format.ExitNoAnswer, Err: fmt.Errorf("%w; what was not sent waits in the outbox: run codafs apply again", err)}
	case errors.As(err, &path):
		return exit.Error{Code: format.ExitDestination, Err: err}
	}
	return err
}

// Code is the exit code: the gravest of what has happened to the run's edits.
func (r *Run) Code() int {
	code := 0
	if r.Rejected {
		code = exitRejected
	}
	for _, j := range r.Jobs {
		n := j.Count()
		switch {
		case n[outbox.Rejected] > 0:
			code = exitRejected
		case code == 0 && n[outbox.Held]+n[outbox.Doubt]+n[outbox.Sending] > 0:
			code = exitHeld
		}
	}
	return code
}

// Listed is a job as writes and apply show it. Its JSON form is promised.
type Listed struct {
	ID     string        `json:"id"`
	Made   string        `json:"made_at"`
	Object outbox.Object `json:"object"`
	File   string        `json:"file,omitempty"`
	Edits  []ListedEdit  `json:"edits"`
}

// ListedEdit is an edit, and what has become of it.
type ListedEdit struct {
	edit.Edit
	outbox.Fate
}

// Writes is the answer of writes --json and apply --json.
type Writes struct {
	Schema string   `json:"schema"`
	Jobs   []Listed `json:"jobs"`
}

// ListJobs makes the answer for jobs.
func ListJobs(jobs []*outbox.Job) Writes {
	w := Writes{Schema: "codafs.writes/1", Jobs: []Listed{}}
	for _, j := range jobs {
		l := Listed{ID: j.ID, Made: j.Made.UTC().Format("2006-01-02T15:04:05Z"), Object: j.Object, File: j.File, Edits: []ListedEdit{}}
		for i, e := range j.Edits {
			l.Edits = append(l.Edits, ListedEdit{e, j.Fates[i]})
		}
		w.Jobs = append(w.Jobs, l)
	}
	return w
}

// words are how people call a status.
var words = map[outbox.Status]string{
	outbox.Planned: "waiting to be sent", outbox.Sending: "in doubt", outbox.Doubt: "in doubt", outbox.Accepted: "taken by Coda",
	outbox.Completed: "done, not shown yet", outbox.Seen: "in Coda", outbox.Held: "held", outbox.Rejected: "rejected", outbox.Dropped: "given up",
}

// ShowJobs prints jobs for people: a line for each, and one for each edit that needs somebody.
func ShowJobs(out io.Writer, jobs []*outbox.Job) {
	for _, j := range jobs {
		var parts []string
		n := map[string]int{}
		for _, f := range j.Fates {
			n[words[f.Status]]++
		}
		for _, word := range []string{"in Coda", "done, not shown yet", "taken by Coda", "waiting to be sent", "in doubt", "held", "rejected", "given up"} {
			if n[word] > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n[word], word))
			}
		}
		fmt.Fprintf(out, "%s  %s  %s: %s\n", j.ID, j.Made.Local().Format("2006-01-02 15:04"), term.Quote(j.Object.Title), strings.Join(parts, ", "))
		for i, f := range j.Fates {
			if f.Status == outbox.Seen && f.Why == "" || f.Status == outbox.Dropped || f.Status.Under() || f.Status == outbox.Planned {
				continue
			}
			fmt.Fprintf(out, "  %-9s %s\n", words[f.Status], fateLine(j, j.Edits[i], f))
		}
	}
}

func fateLine(j *outbox.Job, e edit.Edit, f outbox.Fate) string {
	if f.Status == outbox.Held && cmp.Or(e.Key, "") == "" && f.Why != "" || f.Status == outbox.Held && slices.ContainsFunc(j.Held, func(h edit.Held) bool { return h.Key == e.Key && h.Line == e.Line }) {
		return f.Why // it names the row
	}
	where := fmt.Sprintf("line %d", e.Line)
	if key := cmp.Or(e.Key, f.ID); key != "" {
		where = rowName(j.Plan, key)
	}
	return where + ": " + f.Why
}

// Drop gives up what is open of a job, or a plan that was not applied; then the job is nil.
func (d *Desk) Drop(id string) (*outbox.Job, error) {
	release, err := d.Box.Lock()
	if errors.Is(err, outbox.ErrBusy) {
		return nil, exit.Error{Code: format.ExitLocked, Err: err}
	}
	if err != nil {
		return nil, exit.Error{Code: format.ExitDestination, Err: err}
	}
	defer release()
	j, err := d.Box.Job(id)
	if errors.Is(err, outbox.ErrNoPlan) {
		if err = d.Box.Forget(id); err != nil {
			err = exit.UsageError{Err: err}
		}
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	open := j.Those(func(st outbox.Status) bool { return !st.Over() && !st.Under() })
	return j, j.Step(outbox.Step{At: time.Now().UTC(), Status: outbox.Dropped, Edits: open})
}
