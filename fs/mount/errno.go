//go:build linux || darwin

package mount

import (
	"context"
	"errors"
	iofs "io/fs"
	"os"
	"slices"
	"syscall"

	"github.com/codafs/codafs/fs"
)

// passed are the system errors that are passed on to programs. Not all are: an ENOENT from inside the cache would say
// that the file does not exist, and ENOSYS would disable the operation for the whole mount.
var passed = []syscall.Errno{
	syscall.EDQUOT, syscall.EINTR, syscall.EMFILE, syscall.ENAMETOOLONG, syscall.ENFILE,
	syscall.ENOMEM, syscall.ENOSPC, syscall.ENOTCONN, syscall.EROFS,
}

// errno is the one place where an error becomes an error number.
func errno(err error) syscall.Errno {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, fs.ErrStale):
		return syscall.ESTALE
	case errors.Is(err, context.Canceled):
		return syscall.EINTR
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return syscall.ETIMEDOUT
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		if slices.Contains(passed, e) {
			return e
		}
		return syscall.EIO
	}
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		return syscall.ENOENT
	case errors.Is(err, iofs.ErrPermission):
		return syscall.EACCES
	}
	return syscall.EIO
}

// fail returns the number for err. It reports real failures to the log and to Options.Report.
func (s *Server) fail(n fs.Node, op string, err error) syscall.Errno {
	e := errno(err)
	switch e {
	case 0, syscall.ENOENT, syscall.EINTR, syscall.ESTALE, syscall.ENAMETOOLONG, syscall.ENOTCONN, syscall.EROFS:
		return e
	}
	o := n.Object()
	s.opts.Log.Error("operation failed", "op", op, "name", n.Name(), "kind", o.Kind, "doc", o.DocID, "id", o.ID,
		"errno", e.Error(), "err", err)
	if s.opts.Report != nil {
		s.opts.Report(n, op, err)
	}
	return e
}
