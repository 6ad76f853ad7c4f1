// Package filelock locks files against other processes. A lock is that of one open file: it ends when the file is closed,
// also by the end of its process, however that came. Nothing here waits: whoever finds a lock taken decides when to try
// again, under a context of their own. A lock does not keep others from reading the file, and only on Windows from removing
// it: the lock then stays with the open file. Whoever locks files that others may remove looks afterwards whether the file
// still has its name.
package filelock
