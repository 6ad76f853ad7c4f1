package spool

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
)

// Held is how many bytes of JSON are in memory before they are written, unless the caller says otherwise.
const Held = 1 << 20

// File is where values go that are not held in memory. It is written at its end by one goroutine, and read by offset, also
// while others read it: an [os.File] is one.
type File interface {
	io.Writer
	io.ReaderAt
	io.Closer
}

// List has values in the order in which they were added.
type List[T any] struct {
	store
	n int
}

// NewList makes an empty list. It has open make a file when more than most bytes are in it; open is called once, unless it fails.
func NewList[T any](most int, open func() (File, error)) *List[T] {
	return &List[T]{store: store{most: most, open: open}}
}

// Add adds a value to the end.
func (l *List[T]) Add(v T) error {
	if err := l.encode(v); err != nil {
		return err
	}
	l.n++
	if l.held.Len() > l.most {
		return l.write(l.held.Bytes())
	}
	return nil
}

// Len is the number of values.
func (l *List[T]) Len() int { return l.n }

// Clear removes all values. The room on disk is not given back. Nobody may be reading.
func (l *List[T]) Clear() {
	l.held.Reset()
	l.n, l.from = 0, l.size
}

// All yields the values. After an error it yields nothing more. Each call reads from the beginning, the part in the file first.
func (l *List[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		lines := io.MultiReader(io.NewSectionReader(l.file, l.from, l.size-l.from), bytes.NewReader(l.held.Bytes()))
		decodeAll(lines, yield)
	}
}

// decodeAll yields the values that a reader has as JSON.
func decodeAll[T any](r io.Reader, yield func(T, error) bool) {
	dec := json.NewDecoder(bufio.NewReaderSize(r, 1<<16))
	for {
		var v T
		err := dec.Decode(&v)
		if errors.Is(err, io.EOF) || !yield(v, err) || err != nil {
			return
		}
	}
}

// store is JSON in memory, and behind that in a file. The newest values are in memory.
type store struct {
	most int
	open func() (File, error)
	held bytes.Buffer
	enc  *json.Encoder // into held
	file File          // nil until something was written
	// from is where the values begin in the file, size where they end.
	from, size int64
}

// encode adds a line to what is in memory.
func (s *store) encode(v any) error {
	if s.enc == nil {
		s.enc = json.NewEncoder(&s.held)
		s.enc.SetEscapeHTML(false)
	}
	return s.enc.Encode(v)
}

// write moves what is in memory to the end of the file.
func (s *store) write(held []byte) error {
	if s.file == nil {
		file, err := s.open()
		if err != nil {
			return err
		}
		s.file = file
	}
	n, err := s.file.Write(held)
	s.size += int64(n)
	s.held.Reset()
	return err
}

// Close closes the file, if there is one. Nothing can be read afterwards.
func (s *store) Close() {
	if s.file != nil {
		s.file.Close()
	}
}
