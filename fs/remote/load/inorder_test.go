package load_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/fs/remote/load"
)

// Results come in order, though the first takes longest, and no more are made than may wait.
func TestInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var begun, taken atomic.Int32
		var got []int
		err := load.InOrder(t.Context(), 20, 3,
			func(_ context.Context, i int) (int, error) {
				if waiting := begun.Add(1) - taken.Load(); waiting > 4 { // three, and the one that is taken
					t.Errorf("%d at a time", waiting)
				}
				time.Sleep(time.Duration(20-i) * time.Second)
				return i, nil
			},
			func(_ context.Context, i int) error {
				got = append(got, i)
				taken.Add(1)
				return nil
			})
		if err != nil || len(got) != 20 || !slices.IsSorted(got) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// The first error ends all that is under way, and is the one that is returned.
func TestInOrderEndsAtTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct{ work, take int }{"of the work": {3, -1}, "of take": {-1, 2}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := load.InOrder(t.Context(), 20, 5,
					func(ctx context.Context, i int) (int, error) {
						if i == c.work {
							return 0, broken
						}
						if c.take < i {
							<-ctx.Done() // as requests do, whose errors say nothing more
							return 0, context.Canceled
						}
						return i, nil
					},
					func(_ context.Context, i int) error {
						if i == c.take {
							return broken
						}
						return nil
					})
				if !errors.Is(err, broken) {
					t.Error(err)
				}
			})
		})
	}
}

func TestInOrderEndsWithItsContext(t *testing.T) {
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	err := load.InOrder(ctx, 20, 2,
		func(ctx context.Context, i int) (int, error) { return i, nil },
		func(_ context.Context, i int) error {
			if i == 5 {
				cancel(gone)
				<-ctx.Done()
			}
			return nil
		})
	if !errors.Is(err, gone) {
		t.Error(err)
	}
}
