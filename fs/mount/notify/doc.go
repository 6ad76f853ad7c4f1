// Package notify tells the kernel that names and listings of a mount have changed, so that it asks for them again. It does
// what file system libraries do not: it expires a name without dropping its pages, sends many notifications at once, and
// leaves the sending to a small process, the guard, so that a server which is killed meanwhile does not block its mount.
//
//	server ── Connect: mounts ──▶ Notifier ── ExpireName, ExpireFolder: a batch ── Send ──▶ guard process ──▶ kernel
//
// A notification takes the folder's lock in the kernel and waits there for the lookups in it. So it must never be sent
// from inside an operation, or under a lock that a lookup needs: see the package doc of mount.
//
// On systems other than Linux nothing is sent: [Supported] is false, and the library's own notifications must do.
package notify
