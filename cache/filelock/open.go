package filelock

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
)

// ErrBusy is the error of [Open] if another open file has the lock.
var ErrBusy = errors.New("another process has the lock")

// Open opens a file and takes its lock. It makes the file if need be, and its folder, which may have been removed meanwhile.
// The error is [ErrBusy] if somebody else has the lock. The caller closes the file, which ends the lock; the file stays.
func Open(path string) (*os.File, error) {
	f, err := open(path)
	if errors.Is(err, iofs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		f, err = open(path)
	}
	if err != nil {
		return nil, err
	}
	ok, err := Try(f)
	if err == nil && !ok {
		err = ErrBusy
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func open(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) }
