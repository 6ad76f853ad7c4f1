package cache

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"os"
)

// unsavedMax is how large a content may be that is served though it cannot be written.
const unsavedMax = 8 << 20

// spool takes what a fill writes, and hashes it: into a temporary file, or, from when that
// fails, into memory. One goroutine uses it. It must be discarded, unless it was kept.
type spool struct {
	ctx   context.Context
	write func(*os.File, []byte) (int, error)
	hash  hash.Hash
	size  int64
	temp  string   // the name of the temporary file, as long as there is one
	file  *os.File // nil: the bytes are in data
	data  []byte
	cause error // why they are in data
	err   error // why nothing is taken any more
}

func (d *Disk) newSpool(ctx context.Context) *spool {
	s := &spool{ctx: ctx, write: d.write, hash: sha256.New()}
	if s.file, s.cause = d.createTemp(); s.cause == nil {
		s.temp = s.file.Name()
	}
	return s
}

// run has fill write its content. It returns the error of the disk or of the context if there was one,
// whatever fill made of it, and else fill's own.
func (s *spool) run(fill Fill) error {
	w := bufio.NewWriterSize(s, smallBytes) // a fill may write a cell at a time
	err := fill(s.ctx, w)
	if err == nil {
		err = w.Flush()
	}
	if s.err != nil {
		return s.err // the cause, whatever the fill made of it
	}
	if err == nil {
		err = s.ctx.Err() // nobody waits: the fill may have broken off and said nothing
	}
	return err
}

// Write takes all of p, or from then on nothing.
func (s *spool) Write(p []byte) (int, error) {
	if s.err == nil {
		s.err = s.take(p)
	}
	if s.err != nil {
		return 0, s.err
	}
	s.hash.Write(p)
	s.size += int64(len(p))
	return len(p), nil
}

// take adds p to the file or to the memory. After an error nothing more is taken (Write).
func (s *spool) take(p []byte) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if s.file != nil {
		_, err := s.write(s.file, p)
		if err == nil {
			return nil
		}
		if err := s.turnToMemory(err); err != nil {
			return err
		}
	}
	if s.size+int64(len(p)) > unsavedMax {
		return fmt.Errorf("cache: a content of more than %d bytes cannot be written: %w", unsavedMax, s.cause)
	}
	s.data = append(s.data, p...)
	return nil
}

// turnToMemory takes back what the file has, and gives its room back to the disk.
func (s *spool) turnToMemory(cause error) error {
	defer s.discard()
	s.cause = cause
	if s.size > unsavedMax {
		return nil // take refuses it
	}
	var err error
	s.data, err = s.bytes()
	return err
}

// bytes is the whole content.
func (s *spool) bytes() ([]byte, error) {
	if s.file == nil {
		return s.data, nil
	}
	data := make([]byte, s.size)
	_, err := s.file.ReadAt(data, 0)
	return data, err
}

// discard closes the file, and removes its name if that is still the temporary one.
func (s *spool) discard() {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
	if s.temp != "" {
		os.Remove(s.temp)
		s.temp = ""
	}
}
