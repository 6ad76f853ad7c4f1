//go:build linux || darwin

package mount

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount/caller"
)

// pollCaller is how often an interrupted operation checks whether its caller wants to leave. The kernel sends one
// interrupt per request, so later signals are seen only this way.
const pollCaller = 50 * time.Millisecond

// answer is the result of a call into the tree.
type answer[T any] struct {
	value T
	err   error
}

// await runs call, which may take long, and waits for it on behalf of the caller in ctx. If the caller leaves, the
// error is EINTR. The call goes on under the server's context, and its late result is passed to drop (if not nil).
// After the server has ended, the error is ENOTCONN.
func await[T any](ctx context.Context, s *Server, call func(context.Context) (T, error), drop func(T)) (T, error) {
	var none T
	answers := make(chan answer[T])
	left := make(chan struct{})
	started := s.start(func() {
		v, err := guard(s.ctx, call)
		select {
		case answers <- answer[T]{v, err}:
		case <-left:
			if err == nil && drop != nil {
				drop(v)
			}
		}
	})
	if !started {
		return none, syscall.ENOTCONN
	}
	interrupted := ctx.Done()
	var again <-chan time.Time
	for {
		select {
		case a := <-answers:
			return a.value, a.err
		case <-s.ctx.Done():
			close(left)
			return none, syscall.ENOTCONN
		case <-interrupted:
			interrupted = nil
		case <-again:
		}
		if caller.Leaves(threadOf(ctx)) {
			close(left)
			return none, syscall.EINTR
		}
		again = time.After(pollCaller)
	}
}

// threadOf returns the thread that sent the request of ctx; 0 if it cannot be seen.
func threadOf(ctx context.Context) uint32 {
	if c, ok := fuse.FromContext(ctx); ok {
		return c.Pid
	}
	return 0
}

// callOf returns the kind of system call that the caller in ctx waits in.
func (s *Server) callOf(ctx context.Context) caller.Call {
	call, _ := s.callers.CallOf(ctx, threadOf(ctx))
	return call
}

// start runs f in a goroutine that stop waits for. After the server has ended it does not run f, and returns false.
func (s *Server) start(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.calls.Go(f)
	}
	return !s.stopped
}

// guard turns a panic in call into an error: one bad page must not end the mount for everybody.
func guard[T any](ctx context.Context, call func(context.Context) (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return call(ctx)
}

// passed are the system errors that are passed on to programs. Not all are: an ENOENT from inside the cache would say
// that the file does not exist, and ENOSYS would disable the operation for the whole mount.
var passed = []syscall.Errno{
	syscall.EDQUOT, syscall.EFBIG, syscall.EINTR, syscall.EMFILE, syscall.ENAMETOOLONG, syscall.ENFILE,
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
