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
	// XAttrs shows user.coda.* and user.codafs.* attributes. It makes `ls -l` slow, since ls asks for two attributes of
	// every file.
	XAttrs bool
	// Sizes says what a program sees as the size of a file that was never fetched; "" is [Auto].
	Sizes Sizes
	// Notified promises that [Server.Changed] is called for every change in the tree. Then the kernel keeps names and
	// listings for an hour, otherwise for a second. macFUSE cannot be notified: it is always a second.
	Notified bool
	// Offline promises that nothing is ever fetched: a file's bytes are either at hand or not available.
	Offline bool
	// UID and GID own everything; 0 means those of this process.
	UID, GID int
	// Log gets one line for each failed operation. It may be nil.
	Log *slog.Logger
	// Report is called for each failed operation on a node, in addition to the log. Missing names, calls that were
	// given up and superseded versions are no failures. It may be nil. It is called on the goroutine that serves the
	// operation, so it must not wait for the mount.
	Report func(n fs.Node, op string, err error)

	// Guard returns a command whose process calls [Guard]. It is used on Linux, in mounts with Notified; the server
	// sets its arguments and descriptors. Leave secrets out of its environment: it needs none. nil means no guard. Then
	// a server that is killed at the wrong moment leaves the users of the mount waiting, and so does [Unmount] of a
	// stopped one, unless root ends the mount.
	Guard func() *exec.Cmd

	// blind is for tests: the mount is not silent, as if the system calls of other processes could not be seen.
	blind bool
}

// Sizes says who gets an estimate for the size of a file that was never fetched. Once a version was fetched, its size
// is exact for everybody, for good.
type Sizes string

// The values of [Options.Sizes].
const (
	Auto     Sizes = "auto"     // programs that only look, such as ls; all others make codafs fetch the file
	Exact    Sizes = "exact"    // nobody: ls -l fetches every file
	Estimate Sizes = "estimate" // everybody, until the file is opened: some programs take the estimate for the size
)

// Stats are counts since the mount began. Files of .codafs do not count: any program may read them at any time.
type Stats struct {
	// Opens is how often the content of a file was opened, for any reason.
	Opens int64 `json:"opens"`
	// Fetched is how often a GETATTR opened the file, and fetched it if it was not at hand.
	Fetched int64 `json:"fetched_for_size"`
	// Estimated is how often a GETATTR was answered with an estimate.
	Estimated int64 `json:"estimated_sizes"`
	// TooSmall is how many versions turned out larger than their estimate. A program that trusts sizes would have cut
	// them.
	TooSmall int64 `json:"estimates_too_small"`
	// Silent says that programs open files at hand without a message to this process, as on a disk.
	Silent bool `json:"silent_opens"`
}

// The errors of [Mount] and [Unmount], for errors.Is. Returned errors wrap them and say what to do next.
var (
	// ErrNoFUSE says that this machine, container or build cannot mount.
	ErrNoFUSE = errors.New("FUSE is not available")
	// ErrMounted says that a live codafs mount is at the folder already.
	ErrMounted = errors.New("codafs is mounted there already")
	// ErrInside says that the mountpoint lies in a codafs mount.
	ErrInside = errors.New("it is in the codafs mount")
	// ErrNotAllowed says that this user may not let others into a mount.
	ErrNotAllowed = errors.New("this machine does not let users open their mounts to others")
	// ErrNotMounted says that the mount at the folder is not a codafs mount, or that there is none.
	ErrNotMounted = errors.New("not a codafs mount")
	// ErrCovered says that something else is mounted over the codafs mount.
	ErrCovered = errors.New("something else is mounted over the codafs mount: unmount that first")
	// ErrNotEmpty says that the mountpoint is a folder that is not empty.
	ErrNotEmpty = errors.New("not an empty folder")
	// ErrNotDir says that the mountpoint is not a folder.
	ErrNotDir = errors.New("not a folder")
)

// State says what is mounted at a folder.
type State int

// The states of a folder. Only a mount at the folder itself counts, not one above it.
const (
	Plain   State = iota // nothing is mounted at it
	Live                 // a codafs mount that answers
	Dead                 // a codafs mount whose server is gone (ENOTCONN)
	Other                // something else is mounted at it
	Covered              // something else is mounted over a codafs mount
)
