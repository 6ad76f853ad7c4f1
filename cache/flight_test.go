package cache

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
)

// Each test runs in a bubble, which fails if a goroutine is left behind.

// result is what one caller got.
type result struct {
	value string
	err   error
}

// start calls Do in a goroutine and returns where its result will be.
func start(ctx context.Context, f *Flight[string, string], fn func(context.Context) (string, error)) <-chan result {
	got := make(chan result, 1)
	go func() {
		v, err := f.Do(ctx, "key", fn)
		got <- result{v, err}
	}()
	return got
}

func TestCallersShareOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f Flight[string, string]
		release := make(chan struct{})
		fetches := 0
		fetch := func(context.Context) (string, error) {
			fetches++
			<-release
			return "value", nil
		}
		var got []<-chan result
		for range 10 {
			got = append(got, start(t.Context(), &f, fetch))
		}
		synctest.Wait()
		close(release)
		for _, g := range got {
			if r := <-g; r != (result{"value", nil}) {
				t.Errorf("got %v", r)
			}
		}
		if fetches != 1 {
			t.Errorf("%d fetches for 10 callers", fetches)
		}
		if _, err := f.Do(t.Context(), "key", fetch); err != nil || fetches != 2 {
			t.Errorf("a later call: error %v, %d fetches in all; results must not be kept", err, fetches)
		}
	})
}

func TestFetchRunsOnAfterTheFirstCallerLeft(t *testing.T) {
	type valueKey struct{}
	synctest.Test(t, func(t *testing.T) {
		var f Flight[string, string]
		release := make(chan struct{})
		fetch := func(ctx context.Context) (string, error) {
			<-release
			value, _ := ctx.Value(valueKey{}).(string)
			return value, ctx.Err()
		}
		ctx, leave := context.WithCancel(context.WithValue(t.Context(), valueKey{}, "the first caller's"))
		first := start(ctx, &f, fetch)
		synctest.Wait()
		second := start(t.Context(), &f, fetch)
		synctest.Wait()
		leave()
		if r := <-first; r.err != context.Canceled {
			t.Errorf("who left got %v", r)
		}
		close(release)
		if r := <-second; r != (result{"the first caller's", nil}) {
			t.Errorf("who stayed got %v", r)
		}
	})
}

func TestFetchStopsWhenTheLastCallerLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f Flight[string, string]
		stopped := false
		fetch := func(ctx context.Context) (string, error) {
			<-ctx.Done()
			stopped = true
			return "", ctx.Err()
		}
		ctx1, leave1 := context.WithCancel(t.Context())
		ctx2, leave2 := context.WithCancel(t.Context())
		first, second := start(ctx1, &f, fetch), start(ctx2, &f, fetch)
		synctest.Wait()
		leave1()
		synctest.Wait()
		if stopped {
			t.Error("stopped while somebody waited")
		}
		leave2()
		synctest.Wait()
		if !stopped {
			t.Error("runs on though nobody waits")
		}
		<-first
		<-second
	})
}

func TestCallerGetsNoFetchThatIsBeingStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f Flight[string, string]
		release := make(chan struct{})
		ctx, leave := context.WithCancel(t.Context())
		first := start(ctx, &f, func(ctx context.Context) (string, error) {
			<-release // slow to end
			return "", ctx.Err()
		})
		synctest.Wait()
		leave()
		<-first
		second := start(t.Context(), &f, func(context.Context) (string, error) {
			<-release
			return "new", nil
		})
		synctest.Wait()
		close(release)
		if r := <-second; r != (result{"new", nil}) {
			t.Errorf("got %v", r)
		}
		synctest.Wait()
		if len(f.calls) != 0 {
			t.Errorf("%d calls are left", len(f.calls))
		}
	})
}

func TestErrorGoesToAllAndIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f Flight[string, string]
		release, failure := make(chan struct{}), errors.New("failure")
		fetch := func(context.Context) (string, error) {
			<-release
			return "half", failure
		}
		first, second := start(t.Context(), &f, fetch), start(t.Context(), &f, fetch)
		synctest.Wait()
		close(release)
		for _, g := range []<-chan result{first, second} {
			if r := <-g; r.err != failure {
				t.Errorf("got %v", r)
			}
		}
		v, err := f.Do(t.Context(), "key", func(context.Context) (string, error) { return "good", nil })
		if v != "good" || err != nil {
			t.Errorf("after an error got %q, %v", v, err)
		}
	})
}

func TestPanicReachesAllCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f Flight[string, string]
		release := make(chan struct{})
		fetch := func(context.Context) (string, error) {
			<-release
			panic("oops")
		}
		first, second := start(t.Context(), &f, fetch), start(t.Context(), &f, fetch)
		synctest.Wait()
		close(release)
		for _, g := range []<-chan result{first, second} {
			r := <-g
			if p, ok := errors.AsType[*PanicError](r.err); !ok || p.Value != "oops" || len(p.Stack) == 0 {
				t.Errorf("got %v", r)
			}
		}
	})
}

func TestGoexitInAFetchHangsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f Flight[string, string]
		r := <-start(t.Context(), &f, func(context.Context) (string, error) {
			runtime.Goexit()
			return "", nil
		})
		if r.err == nil {
			t.Error("no error")
		}
	})
}

func TestNothingStartsForACallerThatHasLeft(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	leave()
	var f Flight[string, string]
	_, err := f.Do(ctx, "key", func(context.Context) (string, error) {
		t.Error("started")
		return "", nil
	})
	if err != context.Canceled {
		t.Errorf("error %v", err)
	}
}

func TestLandedIsToldWhoGetsTheResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var landed sync.Map
		f := Flight[string, string]{Landed: func(v string, callers int) { landed.Store(v, callers) }}
		release := make(chan struct{})
		fetch := func(value string) func(context.Context) (string, error) {
			return func(context.Context) (string, error) {
				<-release
				return value, nil
			}
		}
		ctx, leave := context.WithCancel(t.Context())
		gone := start(ctx, &f, fetch("nobody's"))
		synctest.Wait()
		leave()
		<-gone

		ctx, leave = context.WithCancel(t.Context())
		first, second := start(t.Context(), &f, fetch("shared")), start(t.Context(), &f, fetch("shared"))
		left := start(ctx, &f, fetch("shared"))
		synctest.Wait()
		leave()
		<-left
		close(release)
		<-first
		<-second
		synctest.Wait()
		for value, want := range map[string]int{"nobody's": 0, "shared": 2} {
			if got, ok := landed.Load(value); !ok || got != want {
				t.Errorf("%s: %v callers", value, got)
			}
		}
	})
}

func TestCloseStopsAllFetchesAndWaitsForThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f Flight[string, string]
		ended := false
		waits := start(t.Context(), &f, func(ctx context.Context) (string, error) {
			<-ctx.Done()
			ended = true
			return "", ctx.Err()
		})
		synctest.Wait()
		f.Close()
		if !ended {
			t.Error("Close came back before the fetch had ended")
		}
		if r := <-waits; r.err != ErrClosed {
			t.Errorf("who waited got %v", r)
		}
		if r := <-start(t.Context(), &f, nil); r.err != ErrClosed {
			t.Errorf("who came later got %v", r)
		}
	})
}
