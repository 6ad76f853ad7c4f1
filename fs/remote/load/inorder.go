package load

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Parallel calls do for 0 to n-1, so many at a time, until one fails. It returns the first error, when all calls have
// ended; those that were not begun by then are not made. Their order is not fixed.
func Parallel(ctx context.Context, n, atATime int, do func(ctx context.Context, i int) error) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(atATime)
	for i := range n {
		g.Go(func() error {
			if gctx.Err() != nil {
				return context.Cause(gctx)
			}
			return do(gctx, i)
		})
	}
	return g.Wait()
}

// InOrder calls work for 0 to n-1, so many at a time, and take with the results, in their order and one after the other. The
// next work is begun when the first of those under way was taken, so no more results wait than are made at a time. The first
// error ends all; when InOrder returns, all of it has ended.
func InOrder[T any](ctx context.Context, n, atATime int, work func(ctx context.Context, i int) (T, error), take func(context.Context, T) error) error {
	type result struct {
		v   T
		err error
	}
	g, ctx := errgroup.WithContext(ctx)
	results := make(chan chan result, atATime-1)
	g.Go(func() error {
		defer close(results)
		for i := range n {
			ended := make(chan result, 1)
			select {
			case results <- ended:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			g.Go(func() error {
				v, err := work(ctx, i)
				ended <- result{v, err}
				return err
			})
		}
		return nil
	})
	g.Go(func() error {
		for ended := range results {
			r := <-ended
			if r.err != nil {
				return r.err
			}
			if err := take(ctx, r.v); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}
