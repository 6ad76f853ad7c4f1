package folder

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/codafs/codafs/cache/filelock"
)

// Lock takes the folder for this process until release; now is noted as the time since when. Where another process has it, the error
// is a [LockedError]; all others are [DestinationError]s. The kernel ends the lock with
// the process, so none is ever left behind; the file stays, since removing it would let
// two runs lock two files of one name.
func (f *Folder) Lock(now time.Time) (release func(), err error) {
	var file *os.File
	err = f.do("lock", lockName, func() (err error) {
		// What a link leads to would be overwritten.
		if err := wantFile(f.root.FS(), lockName); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		file, err = f.root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o600)
		return err
	})
	if err != nil {
		return nil, err
	}
	ok, err := filelock.Try(file)
	switch {
	case err != nil:
		err = &DestinationError{fmt.Errorf("lock: %w", err)}
	case !ok:
		err = &LockedError{Output: f.path, Holder: readHolder(file)}
	default:
		err = f.do("write", lockName, func() error { return writeHolder(file, now) })
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return func() {
		unlock(file)
		file.Close()
	}, nil
}

// readHolder reads who has the lock, for a message alone: the lock itself is the kernel's, not what the file says.
func readHolder(file *os.File) Holder {
	var h Holder
	// An error leaves h zero: the holder is just writing.
	_ = json.NewDecoder(file).Decode(&h)
	return h
}

// writeHolder says who has the lock from now on. It writes in place: another file of that name would be another lock.
func writeHolder(file *os.File, now time.Time) error {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	data, err := json.Marshal(Holder{PID: os.Getpid(), Host: host, Since: now})
	if err != nil {
		return err
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err = file.WriteAt(append(data, '\n'), 0)
	return err
}
