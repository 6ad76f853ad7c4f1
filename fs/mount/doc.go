// Package mount shows a tree of package fs as a folder of the operating system, through
// FUSE: Linux's own, or macFUSE. It is the only place that knows of go-fuse.
//
//	program ── read(2), stat(2) … ──▶ kernel ── FUSE requests ──▶ go-fuse ──▶ dirNode, fileNode ──▶ fs.Dir, fs.File
//	                                    ▲                                                               │
//	                                    └── what has changed ────── tell ◀──── Server.Changed ──────────┘
//
// [Mount] starts a [Server], [Server.Changed] tells it what is new, [Server.Wait] waits for its
// end, [Unmount] ends the server of any process, [StateOf] tells what is at a folder.
//
// # Inodes and caches
//
// The kernel caches by inode, so an inode is a thing that never changes:
//
//	path                       inode                                         what the kernel keeps
//	/                          1                                             attributes and listing: until told (without a time: not at all)
//	docs/Plan__d1              hash(kind, doc, object, type)                 attributes and listing: until told
//	docs/Plan__d1/a.md   ──┬─▶ hash(kind, doc, object, type, version 1)      bytes and exact size: for good
//	      (the next read)  └─▶ hash(kind, doc, object, type, version 2)      bytes and exact size: for good
//
//	a name, found or not                                                     until told
//	a name of a volatile file                                                not at all
//	the size of what was never fetched                                       not at all
//
// A file inode is one version of one file. A new version is a new inode under the old name,
// found at the next lookup; who has the old one open reads it to its end. A folder inode is
// for life. The numbers depend on nothing else, so they are the same after a remount.
//
// "For good" and "until told" are an hour (keep). Without [Options.Notified], and on macOS, nobody
// tells the kernel, and it is a second (untold).
//
// [Server.Changed] names a doc. A goroutine of the server then has the kernel look up anew every
// name that it has below that doc's folder, found or not, and drop those folders' listings. So
// the next use of a path costs one LOOKUP, which asks [fs.File.Version]. An unchanged version
// is the same inode and keeps its pages. Nothing is fetched or asked before somebody uses it. Three things keep old
// answers from being kept: one that was asked for before the change and comes after it has a
// timeout of 0; one that came just before has been taken in when the kernel is told (settle),
// or is told of once more (straggle); and a listing, which
// has no timeout, is told of once more when it comes late (retell).
//
// [fs.Dir] and [fs.File] values are kept for as long as the kernel knows the inode: a
// folder's must answer for what the folder holds now, however old the value is.
//
// # Silence
//
// To open and close a cached file costs two messages, and those are nearly all of what a walk over cached
// files costs: `grep -r` took ten times as long as on disk. So the kernel is told, by ENOSYS, to send neither OPEN nor
// OPENDIR (silent.go), and walks go at the speed of a disk. What an OPEN was for is done in GETATTR,
// which open(2) sends to check permissions (default_permissions) as long as the attributes have a timeout of 0. They
// have, exactly for files whose content is not at hand:
//
//	size       content      timeout   GETATTR from a stat             GETATTR from an open
//	unknown    -            0         fetches, or gives an estimate   fetches
//	known      evicted      0         gives the size                  fetches
//	known      at hand      keep      is not sent                     is not sent
//
// Which of the two it is, /proc/TID/syscall tells; a caller that cannot be seen there is taken to open. So an open waits for the content, can be interrupted, reports what
// went wrong, and pins its version, as OPEN did. Where codafs may not look there, for all who may use the mount (see seesCalls), the mount is
// not silent, but for one that never fetches.
//
// The kernel does not say who has a file open. The contents read last are kept open for the reads to come, and a
// superseded version's until the kernel forgets its inode (contents.go): somebody may be in the middle of it. If
// a content was evicted while the kernel had its size cached, READ fetches it again. That is the one fetch that a
// caught signal cannot interrupt.
//
// # Sizes
//
// A size is exact, or it is not cached. LOOKUP never fetches (it holds the folder). Where nobody
// knows the size (of which the tree is asked once a second at most), it answers with an estimate and a timeout of 0, so that the kernel asks again
// with GETATTR before anybody sees it. GETATTR fetches, unless the program that asks only
// looks (see lookers in size.go, and [Sizes]): that gets the estimate too, which is more than the file has
// and never 0. Volatile files are made for whoever asks; one
// that costs much not for who surely opens nothing (onlyLooks), as its every lookup gives another file. READDIRPLUS gives attributes of folders only.
//
// The kernel's own copy of the size matters as well: sendfile(2) and splice(2) go by it and ask for no
// other, and an estimate there makes them append zeros. So before an open returns, the kernel must have the exact
// size. Of two answers it takes that to the question it sent last, so an estimate told to a listing while an open was
// waiting would win. In that case, and in one that is not silent after any estimate, the open is answered with ESTALE
// once the content is there: the kernel looks the name up again before the program hears of it, and finds the version
// that was fetched (promise.go), also where the file has changed once more.
//
// TOOLS.md has what 100 programs make of all this; ../README.md has the measurements behind it.
//
// # What is not POSIX
//
//   - ls -l and du may show estimates. test -s is true, and find -empty silent, for an empty file never opened.
//   - The inode in a listing (d_ino) is not the file's st_ino, which depends on the version.
//   - A path's inode changes with its version: tail -f and inotify see no change in what they have open.
//   - A folder's link count is 1 and its size 0. atime is mtime, and so is ctime.
//
// # Locks and waiting
//
// Nothing in this package holds a lock while it calls the tree or the kernel. Every call
// into the tree runs in a goroutine of the server, under the server's context, and what the
// kernel asked waits for it: see [Server] and await in call.go. A caller may leave early
// (Ctrl-C); the call goes on, so that one who asks again finds it further on. Unmounting
// ends all of them. [Mount] and Unmount ask the tree for nothing; the kernel's own first question for the root, which
// is part of mounting, does not wait for its time as later ones do ([fs.Undated]).
//
// What is told to the kernel unasked obeys one rule: never from inside an operation that
// holds what the kernel wants to lock. NotifyEntry inside LOOKUP and NotifyContent inside
// READ deadlock beyond kill -9. The one goroutine that tells (change.go) holds no lock, and may have to wait for
// the lookups in a folder to end, which therefore never wait for it.
// Telling takes the folder's lock in the kernel, in a way that nothing interrupts. A server that is killed while it waits
// there for a lookup that it should answer itself could not let go of the mount. So it tells while nothing is under way in
// the folder, as far as it can see (atEase), and has another process tell, its guard (guard_linux.go). [Unmount] ends a mount
// that does not answer: where the caller may do no more, it kills the server.
//
// Contents that are kept open hold a descriptor each where they are on disk. Go raises the soft limit of
// descriptors to the hard one at the start of a program.
package mount
