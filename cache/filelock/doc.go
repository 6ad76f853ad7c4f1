// Package filelock locks files against other processes. A lock is that of one open file: it ends when the file is closed, also by
// the end of its process, however that came.
package filelock
