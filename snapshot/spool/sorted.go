package spool

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"slices"
)

// Sorted has values in the order of their keys; those of one key in the order in which they were added. What is in memory is
// sorted when it is written; All merges these runs. A million files of 400 bytes are about a hundred runs of 4 MiB, each of which
// is read through a buffer of 64 KiB.
type Sorted[T any] struct {
	store
	key   func(T) string
	lines []line // of what is in memory
	runs  []line // of the file, without keys
}

// line is where a value, or a run of them, is.
type line struct {
	key      string
	from, to int64
}

// NewSorted is [NewList] for values that have keys.
func NewSorted[T any](most int, open func() (File, error), key func(T) string) *Sorted[T] {
	return &Sorted[T]{store: store{most: most, open: open}, key: key}
}

// Add adds a value.
func (s *Sorted[T]) Add(v T) error {
	from := int64(s.held.Len())
	if err := s.encode(v); err != nil {
		return err
	}
	s.lines = append(s.lines, line{s.key(v), from, int64(s.held.Len())})
	if s.held.Len() <= s.most {
		return nil
	}
	run := s.inOrder()
	s.runs = append(s.runs, line{from: s.size, to: s.size + int64(len(run))})
	s.lines = s.lines[:0]
	return s.write(run)
}

// inOrder is what is in memory.
func (s *Sorted[T]) inOrder() []byte {
	lines := slices.Clone(s.lines) // others may read at the same time
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.key, b.key) })
	sorted := make([]byte, 0, s.held.Len())
	for _, l := range lines {
		sorted = append(sorted, s.held.Bytes()[l.from:l.to]...)
	}
	return sorted
}

// All yields the values by their keys. After an error it yields nothing more.
func (s *Sorted[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var from cursors[T]
		begin := func(run io.Reader) {
			c := &cursor[T]{dec: json.NewDecoder(bufio.NewReaderSize(run, 1<<14)), place: len(from)}
			if c.next(s.key) {
				from = append(from, c)
			}
		}
		for _, r := range s.runs {
			begin(io.NewSectionReader(s.file, r.from, r.to-r.from))
		}
		begin(bytes.NewReader(s.inOrder()))
		heap.Init(&from)
		for len(from) > 0 {
			first := from[0]
			if !yield(first.v, first.err) || first.err != nil {
				return
			}
			if first.next(s.key) {
				heap.Fix(&from, 0)
			} else {
				heap.Pop(&from)
			}
		}
	}
}

// cursor is how far a run was read.
type cursor[T any] struct {
	dec   *json.Decoder
	place int // of the run among all of them
	v     T
	key   string
	err   error
}

// next reads a value. It reports false at the end. An error comes before all values, so that a run that cannot be read is not
// noticed only after all others.
func (c *cursor[T]) next(key func(T) string) bool {
	var v T
	c.err = c.dec.Decode(&v)
	if errors.Is(c.err, io.EOF) {
		return false
	}
	c.v, c.key = v, key(v)
	if c.err != nil {
		c.key = ""
	}
	return true
}

// cursors is a heap: the least key is first.
type cursors[T any] []*cursor[T]

func (c cursors[T]) Len() int { return len(c) }
func (c cursors[T]) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(c[i].key, c[j].key), cmp.Compare(c[i].place, c[j].place)) < 0
}
func (c cursors[T]) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *cursors[T]) Push(x any)   { *c = append(*c, x.(*cursor[T])) }
func (c *cursors[T]) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}
