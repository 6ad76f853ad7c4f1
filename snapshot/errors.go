package snapshot

import (
	"context"
	"errors"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// ExitCode gives the exit code for an error of this package; 0 for nil. An error that
// has a method ExitCode() int decides itself, so the cause with which a caller cancels
// a run's context may set 143 (SIGTERM) or [format.ExitNoAnswer].
func ExitCode(err error) int {
	if err == nil {
		return format.ExitComplete
	}
	var own interface{ ExitCode() int }
	switch {
	case errors.As(err, &own):
		return own.ExitCode()
	case errors.Is(err, ErrNotMount), errors.Is(err, folder.ErrNotSnapshot):
		return format.ExitNotOurs
	case errors.Is(err, context.Canceled):
		return format.ExitInterrupted
	}
	return format.ExitFailed
}

var (
	// ErrNotMount is the error of [Mounted] for a folder that is no live codafs mount.
	ErrNotMount = errors.New("not a live codafs mount")
	// ErrMountLost is the error of a run whose mount went away while it ran.
	ErrMountLost = errors.New("the mount went away")
)

// RefusedError says that the service did not accept the token: further requests are useless.
type RefusedError struct{ Failure fs.Failure }

// Error has the service's own words.
func (e *RefusedError) Error() string { return "the token was refused: " + e.Failure.Message }

// refused reports whether the token is what was refused. The status alone does not: a download
// link's host, which is not given the token, may answer 401 too.
func refused(f fs.Failure) bool { return f.Code == fs.CodeRefused }

// ExitCode is [format.ExitRefused].
func (e *RefusedError) ExitCode() int { return format.ExitRefused }
