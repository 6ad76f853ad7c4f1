package fs

import "slices"

// stream is what was opened of a doc's files of one kind. Programs read those of one kind in some
// order, whatever they do with the others.
type stream struct {
	last    string   // the id of the one opened last
	listing *listing // that the orders are of
	orders  []*order
	readers []*reader
}

// reader is a program on its way through a stream.
type reader struct {
	s       *stream
	order   *order // the one that it seems to follow
	pos     int    // the place of the file that it has come to
	next    int    // the first place not fetched
	size    int    // how far ahead to fetch
	inside  int    // opens that have not returned
	fetches map[string]*prefetch
	moved   chan struct{} // holds a token when there may be something new to do
}

const (
	// firstAhead is how far ahead of a new reader files are fetched: two that follow each other may
	// be chance. With each further one that distance doubles.
	firstAhead = 2
	// startAhead is the same where the two are the first of all: that is hardly chance.
	startAhead = 8
)

// prefetch is a file that is fetched ahead of its reader.
type prefetch struct {
	file    *file
	wanted  chan struct{} // closed when a reader has come to it
	reached bool
	done    bool
}

// come reports that a reader has come to the file.
func (p *prefetch) come() {
	if !p.reached {
		p.reached = true
		close(p.wanted)
	}
}

// stream is the doc's for a kind of files. The lock of readAhead is held, as for all below.
func (d *doc) stream(kind Kind) *stream {
	if d.streams == nil {
		d.streams = map[Kind]*stream{}
	}
	if d.streams[kind] == nil {
		d.streams[kind] = &stream{}
	}
	return d.streams[kind]
}

// begin makes a reader that has come to f, if f follows the file that was opened last.
func (s *stream) begin(f *file, limit int) *reader {
	if s.last == "" {
		return nil
	}
	if l := f.d.current(); s.listing != l || s.orders == nil {
		s.listing, s.orders = l, l.orders(f.obj.Kind)
	}
	var fits *order
	size := firstAhead
	for _, o := range s.orders {
		if !o.near(s.last, f.obj.ID) {
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
	pos := fits.at[f.obj.ID]
	r := &reader{s: s, order: fits, pos: pos, next: pos + 1, size: min(size, limit),
		fetches: map[string]*prefetch{}, moved: make(chan struct{}, 1)}
	s.readers = append(s.readers, r)
	return r
}

func (s *stream) remove(r *reader) {
	s.readers = slices.DeleteFunc(s.readers, func(other *reader) bool { return other == r })
}

// follow takes the opening of a file as a step of r, if it is one: to one of the next files, or back
// to one that a parallel program left out. One that finds subfolders in another order than r is soon
// seen as another reader.
func (r *reader) follow(id string, limit int) bool {
	place, ok := r.order.at[id]
	if !ok || place < r.pos-limit || place > r.pos+max(r.size, 2) {
		return false
	}
	if place > r.pos {
		if place <= r.pos+2 { // else a program that reads in parallel comes to those in between, too
			r.next = max(r.next, place+1)
		}
		r.pos = place
		r.size = min(2*r.size, limit)
	}
	return true
}

// signal has what is due looked for again.
func (r *reader) signal() {
	select {
	case r.moved <- struct{}{}:
	default:
	}
}
