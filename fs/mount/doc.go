// Package mount shows a tree of package fs as a folder of the operating system, through
// FUSE: Linux's own, or macFUSE. It is the only place that knows of go-fuse.
//
//	program ── read(2), stat(2) … ──▶ kernel ── FUSE requests ──▶ go-fuse ──▶ dirNode, fileNode ──▶ fs.Dir, fs.File
//
// [Mount] starts a [Server], [Server.Wait] waits for its end, [Unmount] ends the server of
// any process, [StateOf] tells what is at a folder.
//
// # Inodes
//
// The kernel caches by inode, so an inode is a thing that never changes:
//
//	path                       inode                                         what the kernel may keep
//	/                          1                                             attributes: 1 s
//	docs/Plan__d1              hash(kind, doc, object, type)                 attributes: 1 s
//	docs/Plan__d1/a.md   ──┬─▶ hash(kind, doc, object, type, version 1)      bytes and size, for good
//	      (the next read)  └─▶ hash(kind, doc, object, type, version 2)      bytes and size, for good
//
// A file inode is one version of one file. A new version is a new inode under the old name,
// found at the next lookup; who has the old one open reads it to its end. A folder inode is
// for life. The numbers depend on nothing else, so they are the same after a remount.
// Names are kept for a second (entryTimeout), those of volatile files not at all.
//
// [fs.Dir] and [fs.File] values are kept for as long as the kernel knows the inode: a
// folder's must answer for what the folder holds now, however old the value is.
//
// # Sizes
//
// A size is exact, or it is not cached. LOOKUP never fetches (it holds the folder), and
// answers an unknown size with 1 and a timeout of 0, so that the kernel asks again with
// GETATTR before anybody sees it; GETATTR fetches. It is not 0: tar and git take an empty
// file for granted and do not open it. READDIRPLUS gives attributes of folders only.
//
// # Locks and waiting
//
// Nothing in this package holds a lock while it calls the tree or the kernel. Every call
// into the tree runs in a goroutine of the server, under the server's context, and what the
// kernel asked waits for it: see [Server] and await in call.go. A caller may leave early
// (Ctrl-C); the call goes on, so that one who asks again finds it further on. Unmounting
// ends all of them.
//
// What is told to the kernel unasked obeys one rule: never from inside an operation that
// holds what the kernel wants to lock. NotifyEntry inside LOOKUP and NotifyContent inside
// READ deadlock beyond kill -9, so notifications belong in a goroutine of their own that
// holds no lock an operation takes. The one exception is safe, and needed: OPEN
// stores a file's last byte into the kernel's cache before it returns.
package mount
