package main

import (
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/cache/filelock"
)

// A snapshot that takes nothing over keeps what it fetched in a folder of its own, for as long as
// it runs: in the cache, nobody would ever ask for it again. Beside the folder is a file that the run has
// locked. A lock ends with its process, so a folder whose lock is free is that of a run that was killed. What has no
// such file is not ours.

// lockEnd is how the name of a folder's lock goes on after the folder's.
const lockEnd = ".lock"

// scratch is the folder of a run.
type scratch struct {
	dir  string
	lock *os.File // nil in the system's folder for such things, which the system empties
}

// newScratch makes the folder of a run, in the system's folder for such things if the cache's disk is full.
func newScratch(cacheDir string) (*scratch, error) {
	if s, err := inRuns(cacheDir); err == nil {
		return s, nil
	}
	return newTempScratch()
}

func newTempScratch() (*scratch, error) {
	dir, err := os.MkdirTemp("", "codafs-run-")
	if err != nil {
		return nil, err
	}
	return &scratch{dir: dir}, nil
}

func runsFolder(cacheDir string) string { return filepath.Join(cacheDir, "runs") }

// inRuns makes a folder beside the cache's.
func inRuns(cacheDir string) (*scratch, error) {
	runs := runsFolder(cacheDir)
	if err := os.MkdirAll(runs, 0o700); err != nil {
		return nil, err
	}
	lock, err := newLock(runs)
	if err != nil {
		return nil, err
	}
	s := &scratch{strings.TrimSuffix(lock.Name(), lockEnd), lock}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		removeLock(lock)
		return nil, err
	}
	return s, nil
}

// newLock makes a file and locks it. Before it is locked, another process may take it for that of a killed
// run, and remove it: then it makes another one. Where a file system has no locks, nobody can get this one.
func newLock(runs string) (*os.File, error) {
	for {
		f, err := os.CreateTemp(runs, "run-*"+lockEnd)
		if err != nil {
			return nil, err
		}
		if locked, err := filelock.Try(f); err != nil || locked && isThere(f) {
			return f, nil
		}
		f.Close()
	}
}

// isThere reports whether an open file still has its name.
func isThere(f *os.File) bool {
	open, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(f.Name())
	return err == nil && os.SameFile(open, named)
}

// remove removes the folder. Its lock goes last: what is left of the folder is found by it the next time.
func (s *scratch) remove() error {
	if err := os.RemoveAll(s.dir); err != nil {
		s.lock.Close()
		return err
	}
	if s.lock != nil {
		removeLock(s.lock)
	}
	return nil
}

// removeDeadRuns removes what killed runs have left, as far as it can, and tells how many bytes that were.
func removeDeadRuns(cacheDir string) (freed int64) {
	runs := runsFolder(cacheDir)
	all, err := os.ReadDir(runs)
	if err != nil {
		return 0 // nothing ran
	}
	for _, e := range all {
		if name, ok := strings.CutSuffix(e.Name(), lockEnd); ok && strings.HasPrefix(name, "run-") {
			freed += removeIfDead(filepath.Join(runs, name))
		}
	}
	return freed
}

func removeIfDead(dir string) (freed int64) {
	lock, err := os.OpenFile(dir+lockEnd, os.O_RDWR, 0)
	if err != nil {
		return 0
	}
	if free, _ := filelock.Try(lock); !free {
		lock.Close()
		return 0
	}
	size := bytesIn(dir)
	dead := scratch{dir, lock}
	if dead.remove() != nil {
		return 0
	}
	return size
}

// bytesIn is how much is in the files of a folder, as far as that can be told.
func bytesIn(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, d iofs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // something that went while it was looked at
		}
		if st, err := d.Info(); err == nil {
			sum += st.Size()
		}
		return nil
	})
	return sum
}
