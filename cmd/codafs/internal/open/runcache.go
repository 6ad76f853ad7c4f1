package open

import (
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/cache/filelock"
)

// A snapshot that takes nothing over from an earlier one keeps what it fetches in a folder of its own while it runs: in
// the cache nobody would ever ask for it again. Beside the folder is a file that the run has locked. A lock ends with
// its process, so if the lock is free, the run was killed. A folder without such a file is not ours.

// lockEnd is the ending of the name of a folder's lock.
const lockEnd = ".lock"

// scratch is the folder of a run.
type scratch struct {
	dir  string
	lock *os.File // nil in the system's temporary folder, which the system cleans
}

// newScratch makes the folder of a run, in the system's temporary folder if the cache's disk is full or cannot be written. The
// caller removes it.
func newScratch(cacheDir string) (*scratch, error) {
	if s, err := inRuns(cacheDir); err == nil {
		return s, nil
	}
	return newTempScratch()
}

// newTempScratch makes a folder in the system's temporary folder. It has no lock.
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

// newLock makes a file and locks it. Between the two, another process may take it for that of a killed run, and remove
// it: then newLock makes another one. On a file system without locks, nobody can lock it.
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

// isThere reports whether an open file still has its name. Another process may have removed it, and even made another one.
func isThere(f *os.File) bool {
	open, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(f.Name())
	return err == nil && os.SameFile(open, named)
}

// remove removes the folder. The lock is removed last: a later run finds the rest of the folder by it. After an error the lock
// is released, so that the later run may take it.
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

// RemoveDeadRuns removes what killed runs have left, as far as it can, and returns how many bytes that was. It is called by
// every command that opens a tree, since a killed run may have left gigabytes and need not be followed by another
// snapshot. Folders of runs that are under way are locked, and stay.
func RemoveDeadRuns(cacheDir string) (freed int64) {
	runs := runsFolder(cacheDir)
	all, err := os.ReadDir(runs)
	if err != nil {
		return 0 // no run was ever made
	}
	for _, e := range all {
		if name, ok := strings.CutSuffix(e.Name(), lockEnd); ok && strings.HasPrefix(name, "run-") {
			freed += removeIfDead(filepath.Join(runs, name))
		}
	}
	return freed
}

// removeIfDead removes a run's folder if its lock is free, and returns the size of what was removed.
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

// RunBytes is the size of what full snapshots have fetched that are running or were killed.
func RunBytes(cacheDir string) int64 { return bytesIn(runsFolder(cacheDir)) }

// bytesIn is the size of the files in a folder, as far as it can be read.
func bytesIn(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, d iofs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // removed meanwhile
		}
		if st, err := d.Info(); err == nil {
			sum += st.Size()
		}
		return nil
	})
	return sum
}
