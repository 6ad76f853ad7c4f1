package mount

import (
	"log/slog"
	"os/exec"

	"github.com/codafs/codafs/fs"
)

// Options are the settings of a mount. The zero value is usable.
type Options struct {
	// AllowOther lets other users in. Unless root mounts, /etc/fuse.conf must say user_allow_other.
	AllowOther bool
	// XAttrs is the name of the source in extended attributes: files then have user.XAttrs.id and the like, and
	// user.codafs.*. "" shows none. They make `ls -l` slow, since ls asks for two attributes of every file.
	XAttrs string
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

	// Guard returns a command whose process calls [notify.Guard]. It is used on Linux, in mounts with Notified; the server
	// sets its arguments and descriptors. Leave secrets out of its environment: it needs none. nil means no guard. Then
	// a server that is killed at the wrong moment leaves the users of the mount waiting, and so does
	// [mountpoint.Unmount] of a stopped one, unless root ends the mount.
	Guard func() *exec.Cmd

	// blind is for tests: the mount is not silent, as if the system calls of other processes could not be seen.
	blind bool
	// maxKnown and noPrune are for tests: another bound than the constant, and the notifications of kernels before 6.18.
	maxKnown int
	noPrune  bool
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
