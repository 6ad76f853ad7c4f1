package rate_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/codafs/codafs/coda/rate"
)

// Two requests an hour: the third one waits, here until its context ends.
func ExampleLimiter() {
	limiter, err := rate.New(rate.Options{
		Rates: map[rate.Class]rate.Rate{"read": {N: 2, Per: time.Hour}},
		Log:   slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for n := range 3 {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		fmt.Println(n+1, limiter.Wait(ctx, "read"))
		cancel()
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
	// 3 context deadline exceeded
}
