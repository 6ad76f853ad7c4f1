package load

import (
	"context"
	"errors"
	"testing"
)

func TestARefusalCountsUntilASuccess(t *testing.T) {
	var r Right
	learned := r.Learned()
	if !r.Unknown() || r.Refused() || learned == nil {
		t.Fatal("something is known before the first try")
	}
	if !r.Refuse() || !r.Refused() || r.Refuse() {
		t.Error("the first refusal, and no other, is news")
	}
	select {
	case <-learned:
	default:
		t.Error("who waits does not learn it")
	}
	if r.Learned() != nil {
		t.Error("what is known is waited for")
	}
	r.Allow()
	if r.Refused() || r.Unknown() || r.Refuse() || r.Refused() {
		t.Error("a success is no proof")
	}
}

func TestOneAtATimeFindsOut(t *testing.T) {
	var r Right
	unlock, err := r.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Lock(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the turn was given twice: %v", err)
	}
	unlock()
	if unlock, err = r.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	unlock()
}
