//go:build linux || darwin

package mount

import (
	"context"
	"fmt"
	"runtime/debug"
	"syscall"
	"time"
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
		if callerLeaves(ctx) {
			close(left)
			return none, syscall.EINTR
		}
		again = time.After(pollCaller)
	}
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
