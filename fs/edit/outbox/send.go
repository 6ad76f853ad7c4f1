package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/codafs/codafs/fs/edit"
)

// Times of a [Sender].
const (
	doneWithin = 10 * time.Minute // after that a read decides whether a write was carried out
	seenWithin = 5 * time.Minute  // after that a row that differs is stored differently
	mostStale  = 5 * time.Minute  // how long the newest state is waited for
	longestGap = 5 * time.Second  // between two questions
)

// Sender carries jobs out. The box is locked while it works. It is for one goroutine.
type Sender struct {
	Service Service
	// NoWait ends when the service has taken everything.
	NoWait bool
	// StaleOK sends without having seen the newest state.
	StaleOK bool
	// Crash, if not nil, is called at each point where the program may end. It is for tests.
	Crash func(where string)

	newestRow string // the newest creation of a row before the job was sent
}

func (s *Sender) at(where string) {
	if s.Crash != nil {
		s.Crash(where)
	}
}

// Run sends what waits in a job, and waits until the service shows it. others are all jobs of the box: none of their rows is
// sent on top of a write that is under way. An error leaves the job where it can go on; what is held or rejected is in the job
// and no error.
func (s *Sender) Run(ctx context.Context, j *Job, others []*Job) error {
	if err := s.Doubts(ctx, j); err != nil {
		return err
	}
	waiting := j.Those(func(st Status) bool { return st == Planned })
	if len(waiting) > 0 {
		if err := s.awaitOthers(ctx, j, others, waiting); err != nil {
			return err
		}
		if err := s.check(ctx, j, others, waiting); err != nil {
			return err
		}
		for _, batch := range s.Service.Batches(j.Edits, j.Those(func(st Status) bool { return st == Planned })) {
			if err := s.send(ctx, j, batch); err != nil {
				return err
			}
		}
	}
	if s.NoWait {
		return nil
	}
	if err := s.complete(ctx, j, nil); err != nil {
		return err
	}
	if err := s.see(ctx, j); err != nil {
		return err
	}
	return s.Doubts(ctx, j)
}

// step notes a step of now.
func (s *Sender) step(j *Job, st Step) error {
	st.At = time.Now().UTC()
	s.at("before " + string(st.Status))
	err := j.Step(st)
	s.at("after " + string(st.Status))
	return err
}

// send sends one batch. A batch that is refused is cut in two until it is known which row is the reason.
func (s *Sender) send(ctx context.Context, j *Job, batch []int) error {
	if err := s.step(j, Step{Status: Sending, Edits: batch, Newest: s.newestRow}); err != nil {
		return err
	}
	edits := make([]edit.Edit, len(batch))
	for n, i := range batch {
		edits[n] = j.Edits[i]
	}
	r, err := s.Service.Send(ctx, j.Object, edits)
	s.at("answered")
	switch {
	case err == nil && r.Request == "":
		return s.step(j, Step{Status: Completed, Edits: batch, IDs: r.IDs})
	case err == nil:
		return s.step(j, Step{Status: Accepted, Edits: batch, Request: r.Request, IDs: r.IDs})
	case errors.Is(err, ErrRefused) && len(batch) > 1:
		if err := s.step(j, Step{Status: Planned, Edits: batch}); err != nil {
			return err
		}
		half := len(batch) / 2
		if err := s.send(ctx, j, batch[:half]); err != nil {
			return err
		}
		return s.send(ctx, j, batch[half:])
	case errors.Is(err, ErrRefused):
		return s.step(j, Step{Status: Rejected, Edits: batch, Why: err.Error()})
	case errors.Is(err, ErrGone):
		return s.step(j, Step{Status: Held, Edits: batch, Why: err.Error()})
	case errors.Is(err, ErrUnsure):
		return s.step(j, Step{Status: Doubt, Edits: batch, Why: err.Error()})
	case ctx.Err() != nil: // it may be on its way
		return errors.Join(err, s.step(j, Step{Status: Doubt, Edits: batch, Why: "the program was stopped before an answer came"}))
	}
	return errors.Join(err, s.step(j, Step{Status: Planned, Edits: batch}))
}

// awaitOthers waits for writes of other jobs to the rows of this one: the service carries writes out in any order.
func (s *Sender) awaitOthers(ctx context.Context, j *Job, others []*Job, waiting []int) error {
	keys := map[string]bool{}
	for _, i := range waiting {
		if k := j.Edits[i].Key; k != "" {
			keys[k] = true
		}
	}
	for _, other := range others {
		if other.ID == j.ID || other.Object != j.Object && (other.Object.Doc != j.Object.Doc || other.Object.ID != j.Object.ID) {
			continue
		}
		err := s.complete(ctx, other, func(i int) bool { return keys[other.Edits[i].Key] || keys[other.Fates[i].ID] })
		if err != nil {
			return err
		}
	}
	return nil
}

// check compares what waits with the newest state: what is there already is seen, what somebody changed meanwhile is held.
func (s *Sender) check(ctx context.Context, j *Job, others []*Job, waiting []int) error {
	table, rows, err := s.newest(ctx, j.Object)
	if errors.Is(err, ErrStale) {
		return s.step(j, Step{Status: Held, Edits: waiting, Why: "the service did not show its newest state within 5 minutes: apply the file again, with --stale-ok if that goes on"})
	}
	if err != nil {
		return err
	}
	s.newestRow = newestRow(table, rows)
	now := map[string]edit.Row{}
	for _, r := range NewHistory(others, j.Object, table).Overlay(rows) {
		now[r.Key] = r
	}
	for _, i := range waiting {
		st := verdict(table, j.Edits[i], now)
		st.Edits = []int{i}
		if st.Status != Planned {
			if err := s.step(j, st); err != nil {
				return err
			}
		}
	}
	return nil
}

// newestRow is when the newest row was made, as the service writes it.
func newestRow(table edit.Table, rows []edit.Row) (newest string) {
	created := slices.IndexFunc(table.Columns, func(c edit.Column) bool { return c.Header == table.Created })
	for _, r := range rows {
		if created >= 0 && edit.After(r.Cells[created], newest) {
			newest = r.Cells[created]
		}
	}
	return newest
}

// newest reads the table's newest state.
func (s *Sender) newest(ctx context.Context, o Object) (table edit.Table, rows []edit.Row, err error) {
	until := time.Now().Add(mostStale)
	for gap := time.Second; ; gap = min(2*gap, longestGap) {
		table, rows, err = s.Service.Read(ctx, o, !s.StaleOK)
		if !errors.Is(err, ErrStale) || time.Now().After(until) {
			return table, rows, err
		}
		if err := sleep(ctx, gap); err != nil {
			return table, nil, err
		}
	}
}

// verdict says of one edit whether it may be sent on top of what the service has.
func verdict(table edit.Table, e edit.Edit, now map[string]edit.Row) Step {
	if e.Op != edit.Update && e.Op != edit.Delete {
		return Step{Status: Planned}
	}
	r, there := now[e.Key]
	switch {
	case !there && e.Op == edit.Delete:
		return Step{Status: Seen}
	case !there:
		return Step{Status: Held, Why: "the row is not there any more"}
	case e.Op == edit.Delete && !edit.SameStamp(e.Stamp, r.Stamp):
		return Step{Status: Held, Why: "the row was changed meanwhile"}
	case e.Op == edit.Delete:
		return Step{Status: Planned}
	}
	done := true
	for _, c := range e.Cells {
		i := slices.IndexFunc(table.Columns, func(t edit.Column) bool { return t.ID == c.Column })
		if i < 0 {
			return Step{Status: Held, Why: fmt.Sprintf("the column %q is not there any more", c.Header)}
		}
		kind, has := table.Columns[i].Kind, r.Cells[i]
		same := kind.Equal(has, c.Wish)
		if !same && !kind.Equal(has, c.Now) {
			return Step{Status: Held, Why: fmt.Sprintf("column %q was changed meanwhile: it had %q, now it has %q, and the file has %q", c.Header, c.Now, has, c.Wish)}
		}
		done = done && same
	}
	if done {
		return Step{Status: Seen}
	}
	return Step{Status: Planned}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
