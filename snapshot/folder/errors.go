package folder

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/codafs/codafs/snapshot/format"
)

// ErrNotSnapshot is the error for a folder that holds no snapshot.
var ErrNotSnapshot = errors.New("no snapshot here")

// DestinationError is a failed operation in the output folder: it is full, or cannot be written, or is no folder.
type DestinationError struct{ Err error }

// Error says that it is about the folder, unless the process ran out of files.
func (e *DestinationError) Error() string {
	if e.tooManyFiles() {
		return e.Err.Error()
	}
	return "output folder: " + e.Err.Error()
}

// Unwrap returns the operating system's error.
func (e *DestinationError) Unwrap() error { return e.Err }

// ExitCode is [format.ExitDestination], but for what the process may do, which is not the folder's fault.
func (e *DestinationError) ExitCode() int {
	if e.tooManyFiles() {
		return format.ExitFailed
	}
	return format.ExitDestination
}

func (e *DestinationError) tooManyFiles() bool {
	return errors.Is(e.Err, syscall.EMFILE) || errors.Is(e.Err, syscall.ENFILE)
}

// LockedError says that another run works in the output folder.
type LockedError struct {
	Output string
	Holder Holder
}

// Holder is who holds the lock, as it says itself. It is zero if the holder has
// not written it yet.
type Holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

// Error names the process that holds the lock, if it is known.
func (e *LockedError) Error() string {
	if e.Holder.PID == 0 {
		return fmt.Sprintf("%s: another run has just started there", e.Output)
	}
	return fmt.Sprintf("%s: process %d on %s works there since %s",
		e.Output, e.Holder.PID, e.Holder.Host, e.Holder.Since.Format(time.RFC3339))
}

// ExitCode is [format.ExitLocked].
func (e *LockedError) ExitCode() int { return format.ExitLocked }

// ForeignError says that the output folder holds something that is not this run's to
// add to. Found names it.
type ForeignError struct {
	Output string
	Found  string
}

// Error names the folder and what was found in it.
func (e *ForeignError) Error() string { return fmt.Sprintf("%s: holds %s", e.Output, e.Found) }

// ExitCode is [format.ExitNotOurs].
func (e *ForeignError) ExitCode() int { return format.ExitNotOurs }
