package mount

import (
	"errors"
	"log/slog"

	"github.com/codafs/codafs/fs"
)

// Options are the settings of a mount. The zero value is usable.
type Options struct {
	// AllowOther lets other users in. Unless root mounts, /etc/fuse.conf must say user_allow_other.
	AllowOther bool
	// XAttrs shows user.coda.* and user.codafs.* attributes. It makes `ls -l` slow, which asks for
	// two attributes of every file.
	XAttrs bool
	// UID and GID own everything; 0 stands for those of this process.
	UID, GID int
	// Log gets one line for each failed operation. It may be nil.
	Log *slog.Logger
	// Report is told of each failed operation on a node, beside the log. What is not there, what a
	// caller gave up and what was superseded are no failures. It may be nil. It is called on
	// the goroutine that serves the operation, so it must not wait for the mount.
	Report func(n fs.Node, op string, err error)
}

// The errors of [Mount] and [Unmount], to be tested with errors.Is. Those returned wrap them with
// what to do next.
var (
	// ErrNoFUSE says that this machine, container or build cannot mount.
	ErrNoFUSE = errors.New("FUSE is not available")
	// ErrMounted says that a live codafs mount is at the folder already.
	ErrMounted = errors.New("codafs is mounted there already")
	// ErrNotMounted says that there is no codafs mount at the folder.
	ErrNotMounted = errors.New("no codafs mount")
	// ErrNotDir says that the mountpoint is not a folder.
	ErrNotDir = errors.New("not a folder")
)

// State is what a folder is with regard to mounts.
type State int

// The states of a folder. Only what is mounted at the folder itself counts, not above it.
const (
	Plain State = iota // nothing is mounted at it
	Live               // a codafs mount that answers
	Dead               // a codafs mount whose server is gone (ENOTCONN)
	Other              // something else is mounted at it
)
