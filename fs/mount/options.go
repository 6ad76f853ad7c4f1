package mount

import (
	"errors"
	"log/slog"
	"os/exec"

	"github.com/codafs/codafs/fs"
)

// Options are the settings of a mount. The zero value is usable.
type Options struct {
	// AllowOther lets other users in. Unless root mounts, /etc/fuse.conf must say user_allow_other.
	AllowOther bool
	// XAttrs shows user.coda.* and user.codafs.* attributes. It makes `ls -l` slow, which asks for
	// two attributes of every file.
	XAttrs bool
	// Sizes says what a program is told of a file that was never fetched; "" is [Auto].
	Sizes Sizes
	// Notified promises that [Server.Changed] is called for whatever changes in the tree. The kernel
	// then keeps names and listings for an hour, and else for a second. macFUSE cannot be told, so
	// there it is a second always.
	Notified bool
	// Offline promises that nothing is ever fetched: the bytes of a file are at hand, or cannot be had.
	Offline bool
	// UID and GID own everything; 0 stands for those of this process.
	UID, GID int
	// Log gets one line for each failed operation. It may be nil.
	Log *slog.Logger
	// Report is told of each failed operation on a node, beside the log. What is not there, what a
	// caller gave up and what was superseded are no failures. It may be nil. It is called on
	// the goroutine that serves the operation, so it must not wait for the mount.
	Report func(n fs.Node, op string, err error)

	// Guard makes a process that calls [Guard], for Linux and mounts with Notified; its arguments and descriptors are
	// the server's to set. It gets none of this process's secrets if it has none in its environment. nil is none: then
	// a server that is killed at the wrong moment leaves whoever uses the mount waiting, and so does [Unmount] of one that is stopped,
	// unless root ends the mount.
	Guard func() *exec.Cmd

	// blind is for tests: it makes a mount as where nobody may see what programs are doing.
	blind bool
}

// Sizes is who gets an estimate for the size of a file that was never fetched. Once a
// version was fetched, its size is exact for everybody, for good.
type Sizes string

// The values of [Options.Sizes].
const (
	Auto     Sizes = "auto"     // programs that only look, such as ls; all others make codafs fetch the file
	Exact    Sizes = "exact"    // nobody: ls -l fetches every file
	Estimate Sizes = "estimate" // everybody, until the file is opened: some programs take the estimate for the size
)

// Stats are counts since the mount began. The files of .codafs do not count, by which any program may ask at any time how the mount is.
type Stats struct {
	// Opens is how often the content of a file was opened, whatever for.
	Opens int64 `json:"opens"`
	// Fetched is how often the question for a size opened the file, and fetched it where it
	// was not at hand.
	Fetched int64 `json:"fetched_for_size"`
	// Estimated is how often such a question was answered with an estimate.
	Estimated int64 `json:"estimated_sizes"`
	// TooSmall is how many versions turned out larger than the estimate that was told. A program that
	// trusts sizes would have cut them.
	TooSmall int64 `json:"estimates_too_small"`
	// Silent is whether programs open what is at hand without a message to this process, as they do on a disk.
	Silent bool `json:"silent_opens"`
}

// The errors of [Mount] and [Unmount], to be tested with errors.Is. Those returned wrap them with
// what to do next.
var (
	// ErrNoFUSE says that this machine, container or build cannot mount.
	ErrNoFUSE = errors.New("FUSE is not available")
	// ErrMounted says that a live codafs mount is at the folder already.
	ErrMounted = errors.New("codafs is mounted there already")
	// ErrInside says that the mountpoint lies in a codafs mount.
	ErrInside = errors.New("it is in the codafs mount")
	// ErrNotAllowed says that this user may not let others into a mount.
	ErrNotAllowed = errors.New("this machine does not let users open their mounts to others")
	// ErrNotMounted says that there is not a codafs mount at the folder.
	ErrNotMounted = errors.New("not a codafs mount")
	// ErrCovered says that something else is mounted over the codafs mount.
	ErrCovered = errors.New("something else is mounted over the codafs mount: unmount that first")
	// ErrNotEmpty says that the mountpoint is a folder with something in it.
	ErrNotEmpty = errors.New("not an empty folder")
	// ErrNotDir says that the mountpoint is not a folder.
	ErrNotDir = errors.New("not a folder")
)

// State is what a folder is with regard to mounts.
type State int

// The states of a folder. Only what is mounted at the folder itself counts, not above it.
const (
	Plain   State = iota // nothing is mounted at it
	Live                 // a codafs mount that answers
	Dead                 // a codafs mount whose server is gone (ENOTCONN)
	Other                // something else is mounted at it
	Covered              // something else is mounted over a codafs mount
)
