// Package mount shows a tree of package fs as a folder of the operating system, through FUSE: Linux's own, or macFUSE.
// No other package uses go-fuse.
//
//	program ── read(2), stat(2) … ──▶ kernel ── FUSE requests ──▶ go-fuse ──▶ dirNode, fileNode ──▶ fs.Dir, fs.File
//	                                    ▲                                                               │
//	                                    └── what has changed ────── tell ◀──── Server.Changed ──────────┘
//
// [Mount] starts a [Server], [Server.Changed] tells the server of changes, [Server.Wait] waits for its end.
//
// Three packages below this one know neither tree nor go-fuse: mountpoint asks the machine what is mounted where, and
// unmounts; caller sees which program waits, and in which system call; notify sends what go-fuse cannot send.
//
// # Inodes and caches
//
// The kernel caches by inode. So what an inode stands for never changes:
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
// A file inode is one version of one file. A new version is a new inode under the old name, found at the next lookup; a
// program that has the old one open reads it to its end. A folder inode is for life. The numbers depend on nothing
// else, so they are the same after a remount.
//
// "For good" and "until told" are an hour (keep). Without [Options.Notified], and on macOS, nobody notifies the kernel,
// and "until told" is a second (timeoutWithoutNotify).
//
// [Server.Changed] names a doc. A goroutine of the server then expires every name that the kernel has below the doc's
// folder, found or not, and those folders' listings. So the next use of a path costs one LOOKUP, which asks
// [fs.File.Version]. An unchanged version is the same inode and keeps its pages. Nothing is fetched or requested before
// somebody uses it. Three rules keep old answers out of the kernel's cache:
//
//   - An answer that was asked for before the change and comes after it has a timeout of 0.
//   - An answer just before the change has reached the kernel when the notification is sent (notifyDelay). For a late
//     one it is sent once more (lateAnswer).
//   - A listing has no timeout. If one that may be old was sent, another notification follows (retell).
//
// [fs.Dir] values are kept for as long as the kernel knows the inode, and must answer for what the folder holds now. An
// [fs.File] and its version are kept if the bytes are at hand: then programs open the file without a message. Of a file that
// was only looked at, nothing but the inode number and the last estimate stays; whoever opens it has the name looked up in
// the tree, and gets ESTALE if it has another version by then (letGo and get in file.go).
//
// # Memory
//
// There is a node here for each inode that the kernel knows. The kernel drops none before the whole machine is short of
// memory. So it is told to forget those that were looked up longest ago, once there are more than maxKnown (forget.go).
// What a program has open, has mapped or stands in stays known, and so do the folders above it. Whatever is used again is
// looked up again, and has the same inode number. Listings, contents and missing names are bounded as well.
//
// # Silence
//
// Opening and closing a cached file costs two messages, which is nearly all that a walk over cached files costs: `grep
// -r` took ten times as long as on disk. So the kernel is told, by ENOSYS, to send neither OPEN nor OPENDIR
// (type silent in list.go), and walks are as fast as on a disk. The work of OPEN is done in GETATTR instead. open(2)
// sends it to check permissions (default_permissions) if the attributes have a timeout of 0, and they do for exactly
// those files whose content is not at hand:
//
//	size       content      timeout   GETATTR from a stat             GETATTR from an open
//	unknown    -            0         fetches, or gives an estimate   fetches
//	known      evicted      0         gives the size                  fetches
//	known      at hand      keep      is not sent                     is not sent
//
// /proc/TID/syscall shows which of the two it is; a caller that cannot be seen there is taken to open. So an open waits
// for the content, can be interrupted, reports errors and pins its version, as with OPEN. If codafs may not read
// /proc/TID/syscall for everybody who may use the mount (see [caller.SeesCalls]), the mount is not silent,
// except one that never fetches.
//
// The kernel does not say who has a file open. The contents read last are kept open for later reads, and those of
// superseded versions until the kernel forgets their inodes (contents.go): somebody may be reading them. If a content
// was evicted while the kernel had its size cached, READ fetches it again. This is the only fetch that a caught signal
// cannot interrupt.
//
// # Sizes
//
// A size is exact, or it is not cached. LOOKUP never fetches, since the kernel holds the folder's lock. If the size is
// not known (the tree is asked once a minute at most), LOOKUP answers with an estimate and a timeout of 0, so that the
// kernel sends GETATTR before any program sees it. GETATTR fetches, unless the program only looks (see statOnlyPrograms
// in size.go, and [Sizes]): then it answers with the estimate too, which is more than the file has and never 0.
// Volatile files are made for every program. A costly one is not made for a program that surely opens nothing
// (onlyLooks), since each lookup returns another file. READDIRPLUS gives attributes of folders only.
//
// The kernel's own copy of the size matters as well. sendfile(2) and splice(2) use it without sending a request, and an
// estimate there makes them append zeros. So before an open returns, the kernel must have the exact size. Of two
// answers the kernel keeps the one to the later request, so an estimate that a listing was given during an open would
// win. In that case, and in a mount that is not silent after every estimate, the open is answered with ESTALE once the
// content is there. The kernel then looks the name up again before the program sees an error, and finds the version
// that was fetched (promise.go), even if the file has changed once more.
//
// TOOLS.md has the results of 100 programs; ../README.md has the measurements behind this design.
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
// Nothing in this package holds a lock while it calls the tree or the kernel. Every call into the tree runs in a
// goroutine of the server, under the server's context, and the kernel's request waits for it: see [Server] and await in
// call.go. A caller may leave early (Ctrl-C); the call goes on, so that the next one to ask waits less. Unmounting ends
// all calls. [Mount] and Unmount ask the tree for nothing. The kernel's first request for the root, which is part of
// mounting, does not wait for the root's time as later ones do ([fs.Undated]).
//
// Notifications obey one rule: never from inside an operation that holds what the kernel wants to lock. NotifyEntry
// inside LOOKUP and NotifyContent inside READ deadlock, and kill -9 does not help. The one goroutine that notifies
// (change.go) holds no lock. It may have to wait for the lookups in a folder to end, so they never wait for it.
//
// A notification takes the folder's lock in the kernel, and this wait cannot be interrupted. If the server is killed
// while it waits for a lookup that it should answer itself, it cannot release the mount. So it notifies when the folder
// is idle, as far as it can see (idleFolderWait), and leaves sending to another process, its guard (package notify).
// [mountpoint.Unmount] ends a mount that does not answer. If the caller has no right to more, it kills the server.
//
// Each content that is kept open holds a descriptor if it is on disk. Go raises the soft limit of descriptors to the
// hard one at the start of a program.
package mount
