// Package mountpoint asks the machine about the folders at which codafs is mounted, and frees them: what the mount table
// says of a folder ([StateOf], [List]), whether this machine can mount ([Check]), whether a folder may be mounted on
// ([Prepare]), and the end of a mount, whichever process serves it ([Unmount]). It knows no tree and no file system
// library; package mount serves what it prepares.
//
// No function waits for the server of a mount longer than answersWithin, nor looks below the root of one: a server that is
// stopped answers nobody, and whoever asks it waits for ever. The mount table answers by itself. There are no locks and
// nothing is cached: other processes mount and unmount at any time, so each answer may be old when it arrives, and an
// id ([Info]) tells a mount from a later one at the same folder.
package mountpoint

import "errors"

// FSName is the source and the subtype of every mount: `findmnt -t fuse.codafs` finds them all.
const FSName = "codafs"

// The errors of this package and of mounting, for errors.Is. Returned errors wrap them and say what to do next.
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
