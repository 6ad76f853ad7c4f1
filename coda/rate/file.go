package rate

import (
	"crypto/rand"
	"errors"
	"io"
	iofs "io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/codafs/codafs/cache/filelock"
)

// stateFile is the file through which the processes of one account share their buckets. Its
// lock, on a file beside it, is held for one reading and writing, never while waiting.
//
// The file is written in place: it changes with each send, so a new file and a rename would
// keep the disk busy. A kill or a crash in the middle leaves a file without its checksum.
type stateFile struct {
	path string
	id   string // this client's among the processes
	log  *slog.Logger

	mu    sync.Mutex // guards all below; one update at a time
	known bool       // the file was there
	busy  time.Time  // since when others had the lock whenever it was tried; zero if they have not
	retry time.Time  // after a failure the file is left alone until then
	told  bool       // of a failure
}

// newStateFile touches no file. The id is random, not the process id: containers that share a
// cache folder have the same ones.
func newStateFile(path string, log *slog.Logger) *stateFile {
	return &stateFile{path: path, id: rand.Text(), log: log}
}

// errAlone says that this process decides alone this time. It is never seen outside of the package.
var errAlone = errors.New("the state file cannot be used")

const (
	// lockPatience is how long others may have the lock: a process that was stopped holding
	// it must not stop all.
	lockPatience = 5 * time.Second
	// failurePause is how long a file that cannot be used is left alone.
	failurePause = time.Minute
	// maxState bounds what is read of a file, in bytes.
	maxState = 4 << 20
)

// update has change work on what the file holds, at a time by the wall clock, and writes it
// back. The error is filelock.ErrBusy if that is worth another try soon, or errAlone: then change
// may have been called, but no other process will know.
func (f *stateFile) update(change func(*state, time.Time)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if now.Before(f.retry) {
		return errAlone
	}
	err := f.locked(change)
	if errors.Is(err, filelock.ErrBusy) {
		if f.busy.IsZero() {
			f.busy = now
		}
		if now.Sub(f.busy) < lockPatience {
			return filelock.ErrBusy
		}
	}
	f.busy = time.Time{}
	if err != nil {
		f.giveUp(now, err)
		return errAlone
	}
	return nil
}

// giveUp goes on without the file, and says so once.
func (f *stateFile) giveUp(now time.Time, err error) {
	f.retry = now.Add(failurePause)
	if !f.told {
		f.told = true
		f.log.Warn("rate limits are not shared with other processes", "file", f.path, "err", err)
	}
}

// locked runs change between a reading and a writing of the file.
func (f *stateFile) locked(change func(*state, time.Time)) error {
	lock, err := filelock.Open(f.path + ".lock")
	if err != nil {
		return err
	}
	defer lock.Close()
	file, s, err := f.open()
	if err != nil {
		return err
	}
	defer file.Close()
	f.known = true
	now := time.Now()
	s.settle(now)
	change(s, now)
	return write(file, s)
}

// open opens the file and reads it. It makes one if there was none.
func (f *stateFile) open() (*os.File, *state, error) {
	file, err := os.OpenFile(f.path, os.O_RDWR, 0o600)
	if errors.Is(err, iofs.ErrNotExist) {
		file, err = os.OpenFile(f.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if !f.known {
			return file, &state{}, err
		}
	}
	if err != nil {
		return nil, nil, err
	}
	s, err := read(file)
	if errors.Is(err, errDamaged) {
		s, err = fullState(time.Now()), nil
	}
	if err != nil {
		file.Close()
	}
	return file, s, err
}

func read(r io.Reader) (*state, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxState))
	if err != nil {
		return nil, err
	}
	return decodeState(b)
}

// write replaces the content.
func write(file *os.File, s *state) error {
	b, err := s.encode()
	if err != nil {
		return err
	}
	if _, err := file.WriteAt(b, 0); err != nil {
		return err
	}
	return file.Truncate(int64(len(b)))
}

// peek reads a state file without its lock, which a command that only looks may be unable to
// take. It may come upon a half-written one, and looks again.
func peek(path string) (*state, error) {
	for tries := 0; ; tries++ {
		s, err := peekOnce(path)
		if errors.Is(err, errDamaged) && tries < 10 {
			time.Sleep(time.Millisecond)
			continue
		}
		now := time.Now()
		if errors.Is(err, errDamaged) {
			return fullState(now), nil
		}
		if err == nil {
			s.settle(now)
		}
		return s, err
	}
}

func peekOnce(path string) (*state, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return read(file)
}
