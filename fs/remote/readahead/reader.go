package readahead

import "slices"

// Series is what was opened of a unit's files of one kind. Programs read the files of one kind in some order, whatever they
// do with other kinds.
type Series struct {
	// known returns the orders in which the files may be read, and what they are of: if that is another value than at the
	// last call, the orders are others.
	known func() (of any, orders func() []*Order)

	last    string // the id of the file opened last
	of      any
	orders  []*Order
	readers []*reader
}

// NewSeries makes a series. known is called with the lock of a ReadAhead held; see the field.
func NewSeries(known func() (of any, orders func() []*Order)) *Series { return &Series{known: known} }

// reader is a program that goes through a unit's files of one kind.
type reader struct {
	s       *Series
	order   *Order // the order that it seems to follow
	pos     int    // index of the file that it has reached
	next    int    // first index that is not fetched
	size    int    // how far ahead to fetch
	inside  int    // opens that have not returned
	fetches map[string]*prefetch
	moved   chan struct{} // holds a token if there may be something new to do
}

const (
	// firstAhead is how far ahead of a new reader files are fetched: two opens in order may be chance. Each further one
	// doubles it.
	firstAhead = 2
	// startAhead is used instead if the two files are the first ones of the order: that is hardly chance.
	startAhead = 8
)

// prefetch is a file that is fetched ahead of its reader.
type prefetch struct {
	file    File
	wanted  chan struct{} // closed when a reader has reached the file
	reached bool
	done    bool
}

// come records that a reader has reached the file.
func (p *prefetch) come() {
	if !p.reached {
		p.reached = true
		close(p.wanted)
	}
}

// begin starts a reader at f, if f follows the file that was opened last. Else it returns nil.
func (s *Series) begin(f File, limit int) *reader {
	if s.last == "" {
		return nil
	}
	if of, orders := s.known(); s.of != of || s.orders == nil {
		s.of, s.orders = of, orders()
	}
	var fits *Order
	size := firstAhead
	for _, o := range s.orders {
		if !o.near(s.last, f.ID()) {
			continue
		}
		if fits == nil {
			fits = o
		}
		if o.at[s.last] == 0 {
			fits, size = o, startAhead
			break
		}
	}
	if fits == nil {
		return nil
	}
	pos := fits.at[f.ID()]
	r := &reader{s: s, order: fits, pos: pos, next: pos + 1, size: min(size, limit),
		fetches: map[string]*prefetch{}, moved: make(chan struct{}, 1)}
	s.readers = append(s.readers, r)
	return r
}

func (s *Series) remove(r *reader) {
	s.readers = slices.DeleteFunc(s.readers, func(other *reader) bool { return other == r })
}

// follow reports whether opening a file is a step of r: to one of the next files, or back to one that a parallel
// program left out. If it is, r moves there. A program that visits subfolders in another order than r is soon seen as
// another reader.
func (r *reader) follow(id string, limit int) bool {
	place, ok := r.order.at[id]
	if !ok || place < r.pos-limit || place > r.pos+max(r.size, 2) {
		return false
	}
	if place > r.pos {
		if place <= r.pos+2 { // farther: a program that reads in parallel will come to those between, too
			r.next = max(r.next, place+1)
		}
		r.pos = place
		r.size = min(2*r.size, limit)
	}
	return true
}

// signal makes run look again for what is due.
func (r *reader) signal() {
	select {
	case r.moved <- struct{}{}:
	default:
	}
}
