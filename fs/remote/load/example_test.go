package load_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/codafs/codafs/fs/remote/load"
)

// One load serves all who ask. Its failure is repeated for some time, here a minute, without another load.
func ExampleValue_Get() {
	now := time.Date(2026, 3, 7, 12, 0, 0, 0, time.UTC)
	title := load.New[string](func() time.Time { return now }, time.Minute)
	loads := 0
	ask := func(context.Context) (string, error) {
		if loads++; loads == 1 {
			return "", errors.New("the service is away")
		}
		return "Emma", nil
	}
	for _, later := range []time.Duration{0, time.Second, time.Hour, time.Hour} {
		now = now.Add(later)
		v, err := title.Get(context.Background(), ask)
		fmt.Printf("%q %v, loads: %d\n", v, err, loads)
	}
	// Output:
	// "" the service is away, loads: 1
	// "" the service is away, loads: 1
	// "Emma" <nil>, loads: 2
	// "Emma" <nil>, loads: 2
}

// owner runs what it is given at once. To it all errors may pass.
type owner struct{}

func (owner) Spawn(ctx context.Context, f func(context.Context)) { f(ctx) }
func (owner) Err() error                                         { return nil }
func (owner) Passing(error) bool                                 { return true }
func (owner) Offline(error) bool                                 { return false }

// While the service is away, the last known value is served, and the reason is told.
func ExampleOrStale() {
	title := load.New[string](time.Now, time.Minute)
	v, err := load.OrStale(context.Background(), owner{}, title,
		func(context.Context) (string, error) { return "", errors.New("the service is away") },
		func(context.Context) (string, error) { return "Emma, as of yesterday", nil },
		func() { fmt.Println("there is a newer value") },
		func(_ context.Context, err error) { fmt.Println("an older value is served:", err) })
	fmt.Println(v, err)
	// Output:
	// an older value is served: the service is away
	// Emma, as of yesterday <nil>
}
