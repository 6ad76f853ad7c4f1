package rate

import "context"

// background is the key of a context value: the channel of [BackgroundUntil].
type background struct{}

// Background marks requests under the returned context as work that nobody waits for: in
// each bucket they go after all others.
func Background(ctx context.Context) context.Context { return BackgroundUntil(ctx, nil) }

// BackgroundUntil is [Background] until wanted is closed, which says that somebody waits after
// all: the requests that are then in a bucket go with those of all who wait, and so do later ones.
// So a file that is fetched ahead becomes urgent when a program opens it.
func BackgroundUntil(ctx context.Context, wanted <-chan struct{}) context.Context {
	return context.WithValue(ctx, background{}, wanted)
}

// Urgency says whether somebody waits for a request. It is an index, from 0 to Urgencies-1.
type Urgency int

const (
	Interactive  Urgency = iota // somebody waits
	InBackground                // nobody does
	Urgencies                   // how many there are
)

// UrgencyOf is the urgency of the requests under a context.
func UrgencyOf(ctx context.Context) Urgency {
	wanted, ok := ctx.Value(background{}).(<-chan struct{})
	if !ok {
		return Interactive
	}
	select {
	case <-wanted:
		return Interactive
	default:
		return InBackground
	}
}

// wanted is the channel by which background work learns that somebody waits for it; nil if nobody ever will.
func wanted(ctx context.Context) <-chan struct{} {
	c, _ := ctx.Value(background{}).(<-chan struct{})
	return c
}
