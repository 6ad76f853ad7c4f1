package load

import "context"

// Probe is a try in the background that shows something, such as a right. A nil one has nothing to show.
type Probe struct {
	learned <-chan struct{}
	ended   chan struct{}
	err     error // of the try; set before ended is closed
}

// NewProbe starts a try. learned is closed once it is known what the try is to show, which may be long before its end.
func NewProbe(ctx context.Context, o Owner, learned <-chan struct{}, try func(context.Context) error) *Probe {
	p := &Probe{learned: learned, ended: make(chan struct{})}
	o.Spawn(ctx, func(ctx context.Context) {
		defer close(p.ended)
		p.err = try(ctx)
	})
	return p
}

// Wait waits until it is known what the try is to show, or the try has ended: then it returns the error of that.
func (p *Probe) Wait(ctx context.Context) error {
	if p == nil {
		return nil
	}
	select {
	case <-p.learned:
		return nil
	case <-p.ended:
		return p.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Slots bounds how much is done at a time: as many as it has room for.
type Slots chan struct{}

// Do calls do when there is a free slot. Its own error is that of ctx.
func (s Slots) Do(ctx context.Context, do func() error) error {
	select {
	case s <- struct{}{}:
		defer func() { <-s }()
		return do()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
