package outbox

import (
	"context"
	"slices"
	"time"

	"github.com/codafs/codafs/fs/edit"
)

// complete waits until the service has carried out what it has taken, of those edits for which of holds (nil: all).
func (s *Sender) complete(ctx context.Context, j *Job, of func(i int) bool) error {
	open := map[string][]int{}
	var order []string
	for i, f := range j.Fates {
		if f.Status == Accepted && (of == nil || of(i)) {
			if open[f.Request] == nil {
				order = append(order, f.Request)
			}
			open[f.Request] = append(open[f.Request], i)
		}
	}
	for _, request := range order {
		for gap := time.Second; ; gap = min(2*gap, longestGap) {
			done, warning, err := s.Service.Done(ctx, request)
			if err != nil {
				return err
			}
			if !done && time.Since(j.Fates[open[request][0]].At) > doneWithin {
				done, warning = true, "the service did not say that it was done"
			}
			if done {
				if err := s.step(j, Step{Status: Completed, Edits: open[request], Why: warning}); err != nil {
					return err
				}
				break
			}
			if err := sleep(ctx, gap); err != nil {
				return err
			}
		}
	}
	return nil
}

// see reads until what was carried out shows.
func (s *Sender) see(ctx context.Context, j *Job) error {
	for gap := time.Second; ; gap = min(2*gap, longestGap) {
		open := j.Those(func(st Status) bool { return st == Completed })
		if len(open) == 0 {
			return nil
		}
		table, rows, err := s.Service.Read(ctx, j.Object, false)
		if err != nil {
			return err
		}
		now := map[string]edit.Row{}
		for _, r := range rows {
			now[r.Key] = r
		}
		seen := map[string][]int{} // by what is odd
		for _, i := range open {
			switch f := j.Fates[i]; {
			case shows(table, j.Edits[i], f, now):
				seen[f.Why] = append(seen[f.Why], i)
			case time.Since(f.At) > seenWithin:
				seen[notShown] = append(seen[notShown], i)
			}
		}
		for why, places := range seen {
			if err := s.step(j, Step{Status: Seen, Edits: places, Why: why}); err != nil {
				return err
			}
		}
		if j.Count()[Completed] == 0 {
			return nil
		}
		if err := sleep(ctx, gap); err != nil {
			return err
		}
	}
}

const notShown = "stored differently: the service shows something else than was sent"

// shows reports whether a read has the effect of an edit.
func shows(table edit.Table, e edit.Edit, f Fate, now map[string]edit.Row) bool {
	key := e.Key
	if key == "" {
		key = f.ID
	}
	if key == "" { // an upsert, whose rows nobody names
		for _, r := range now {
			if holds(table, e, r) {
				return true
			}
		}
		return false
	}
	r, there := now[key]
	if e.Op == edit.Delete {
		return !there
	}
	return there && holds(table, e, r)
}

// holds reports whether a row has all cells of an edit.
func holds(table edit.Table, e edit.Edit, r edit.Row) bool {
	return !slices.ContainsFunc(e.Cells, func(c edit.Cell) bool {
		i := slices.IndexFunc(table.Columns, func(t edit.Column) bool { return t.ID == c.Column })
		return i < 0 || !table.Columns[i].Kind.Equal(r.Cells[i], c.Wish)
	})
}

// Doubts looks for what is in doubt. What is found was taken; what is not stays in doubt: it may still be on its way.
// Nothing of it is sent again.
func (s *Sender) Doubts(ctx context.Context, j *Job) error {
	open := j.Those(Status.Unclear)
	if len(open) == 0 {
		return nil
	}
	table, rows, err := s.Service.Read(ctx, j.Object, false)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, f := range j.Fates {
		taken[f.ID] = true
	}
	now := map[string]edit.Row{}
	for _, r := range rows {
		now[r.Key] = r
	}
	var lost []int
	for _, i := range open {
		e, key := j.Edits[i], j.Edits[i].Key
		if e.Op == edit.Insert {
			key = found(table, j.Fates[i].Newest, e, rows, taken)
		}
		if key == "" && e.Op != edit.Upsert || !shows(table, e, Fate{ID: key}, now) {
			lost = append(lost, i)
			continue
		}
		taken[key] = true
		if err := s.step(j, Step{Status: Seen, Edits: []int{i}, IDs: []string{key}, Why: "no answer came, and it was found"}); err != nil {
			return err
		}
	}
	lost = slices.DeleteFunc(lost, func(i int) bool { return j.Fates[i].Status == Doubt })
	return s.step(j, Step{Status: Doubt, Edits: lost, Why: "the program ended before an answer came"})
}

// found is the row that an insert without an answer made: one that is newer than all that were there before, has the cells,
// and is no other edit's. "" if there is none.
func found(table edit.Table, newest string, e edit.Edit, rows []edit.Row, taken map[string]bool) string {
	created := slices.IndexFunc(table.Columns, func(c edit.Column) bool { return c.Header == table.Created })
	for _, r := range rows {
		if !taken[r.Key] && (created < 0 || edit.After(r.Cells[created], newest)) && holds(table, e, r) {
			return r.Key
		}
	}
	return ""
}
