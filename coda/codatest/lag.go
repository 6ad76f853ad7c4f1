package codatest

import (
	"maps"
	"slices"
	"time"
)

// The real service answers reads of a doc from its last snapshot, which is taken every 30 s
// or so, of large docs every few minutes (staff said so), while the stamps in its lists may be
// newer than that. Options.Lag is how a stand-in does the same.

// keepPast is how far back a doc's former states are known. A read that lags more sees the
// oldest one that is kept.
const keepPast = 15 * time.Minute

// past is a former state of a doc.
type past struct {
	d     *Doc
	until time.Time // when the next edit replaced it
}

// keep adds d as it is now to its past, and forgets what is too old.
func (d *Doc) keep(now time.Time) {
	d.past = slices.DeleteFunc(d.past, func(p past) bool { return now.Sub(p.until) > keepPast })
	d.past = append(d.past, past{d.clone(), now})
}

// at is the state that d was in at a time.
func (d *Doc) at(t time.Time) *Doc {
	for _, p := range d.past {
		if p.until.After(t) {
			return p.d
		}
	}
	return d
}

// clone is a copy that no edit of d reaches.
func (d *Doc) clone() *Doc {
	c := *d
	c.past, c.removed = nil, maps.Clone(d.removed)
	c.Pages = copies(d.Pages)
	c.Tables = copies(d.Tables)
	for _, t := range c.Tables {
		t.Columns, t.Rows = copies(t.Columns), copies(t.Rows)
		for _, r := range t.Rows {
			r.Cells = maps.Clone(r.Cells)
		}
	}
	c.Formulas, c.Controls, c.Permissions = copies(d.Formulas), copies(d.Controls), copies(d.Permissions)
	return &c
}

// copies gives copies of the structs, one level deep.
func copies[T any](all []*T) []*T {
	out := make([]*T, len(all))
	for i, x := range all {
		c := *x
		out[i] = &c
	}
	return out
}

// lagging has the call answered from as old a state as Options.Lag says.
func (c *call) lagging() {
	if c.s.o.Lag == nil {
		return
	}
	if by := c.s.o.Lag(c.r.Method, c.path); by > 0 {
		c.d = c.d.at(c.s.o.Now().Add(-by))
	}
}
