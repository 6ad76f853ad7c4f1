//go:build linux || darwin

package mount

import (
	"context"
	"fmt"
	"runtime/debug"
	"syscall"
	"time"
)

// pollCaller is how often an interrupted operation looks whether its caller wants to leave. The
// kernel sends one interrupt a request, so only the first signal is heard.
const pollCaller = 50 * time.Millisecond

// answer is what a call into the tree gave.
type answer[T any] struct {
	value T
	err   error
}

// await runs call, which may take long, and waits for it on behalf of the caller in ctx. If that
// caller leaves, the error is EINTR; call goes on under the server's context, and drop (if not nil) gets
// what it gives when nobody is there to take it. After the server's end the error is ENOTCONN.
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
		if callerLeaves(ctx) {
			close(left)
			return none, syscall.EINTR
		}
		again = time.After(pollCaller)
	}
}

// start runs f in a goroutine that stop waits for. It reports false after the server's end.
func (s *Server) start(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.calls.Go(f)
	}
	return !s.stopped
}

// guard makes an error of a panic in call: one bad page must not end the mount for all.
func guard[T any](ctx context.Context, call func(context.Context) (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return call(ctx)
}
