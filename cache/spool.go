package cache

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"os"
)

// unsavedMax is how large a content may be that is served though it cannot be written.
const unsavedMax = 8 << 20

// heldByFill is how much a fill holds before it writes: lists of some hundred pages and nearly all contents. A file that is made for one
// costs as much as all else that is done for it, and often the same bytes stand there already.
const heldByFill = 1 << 20

// spool takes what a fill writes, and hashes it. It holds up to heldByFill. What comes beyond goes into a temporary file, or, from when
// that fails, into memory too. One goroutine uses it. It must be discarded, unless its file was kept.
type spool struct {
	ctx    context.Context
	create func() (*os.File, error)
	write  func(*os.File, []byte) (int, error)
	hash   hash.Hash
	size   int64    // of all that was taken
	temp   string   // the name of the temporary file, as long as there is one
	file   *os.File // has all but data; nil: the bytes are in data
	inFile int64    // bytes
	data   []byte
	cause  error // why nothing more goes into a file
	err    error // why nothing is taken any more
}

func (d *Disk) newSpool(ctx context.Context) *spool {
	return &spool{ctx: ctx, create: d.createTemp, write: d.write, hash: sha256.New()}
}

// run has fill write its content. It returns the error of the disk or of the context if there was one,
// whatever fill made of it, and else fill's own.
func (s *spool) run(fill Fill) error {
	err := fill(s.ctx, s)
	if err == nil && s.err == nil && s.file != nil {
		s.err = s.flush()
	}
	if s.err != nil {
		return s.err // the cause, whatever the fill made of it
	}
	if err == nil {
		err = s.ctx.Err() // nobody waits: the fill may have broken off and said nothing
	}
	return err
}

// Write takes all of p, or from then on nothing. A fill may write a cell at a time.
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

// take adds p to what is held. After an error nothing more is taken (Write).
func (s *spool) take(p []byte) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if s.cause != nil && len(s.data)+len(p) > unsavedMax {
		return s.tooLarge()
	}
	s.data = append(s.data, p...)
	if s.cause != nil || len(s.data) <= heldByFill {
		return nil
	}
	return s.flush()
}

func (s *spool) tooLarge() error {
	return fmt.Errorf("cache: a content of more than %d bytes cannot be written: %w", unsavedMax, s.cause)
}

// flush moves what is held into the file. If it cannot, all is held from then on.
func (s *spool) flush() error {
	if s.file == nil {
		f, err := s.create()
		if err != nil {
			return s.turnToMemory(err)
		}
		s.file, s.temp = f, f.Name()
	}
	if _, err := s.write(s.file, s.data); err != nil {
		return s.turnToMemory(err)
	}
	s.inFile += int64(len(s.data))
	s.data = s.data[:0]
	return nil
}

// turnToMemory takes back what the file has, and gives its room back to the disk.
func (s *spool) turnToMemory(cause error) error {
	defer s.discard()
	s.cause = cause
	all := s.inFile + int64(len(s.data))
	if all > unsavedMax {
		return s.tooLarge()
	}
	data := make([]byte, s.inFile, all)
	if s.inFile > 0 {
		if _, err := s.file.ReadAt(data, 0); err != nil {
			return err
		}
	}
	s.data = append(data, s.data...)
	return nil
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
