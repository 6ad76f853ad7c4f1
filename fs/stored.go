package fs

import (
	"context"
	"encoding/json"
	"io"
)

// PutJSON keeps v under a key of a store, as JSON, in place of what was there.
func PutJSON(ctx context.Context, s Store, key string, v any) error {
	c, err := s.Put(ctx, key, func(_ context.Context, w io.Writer) error { return json.NewEncoder(w).Encode(v) })
	if err != nil {
		return err
	}
	return c.Close()
}

// LookupJSON returns what [PutJSON] kept under a key. If there is nothing, or something else, it returns a zero value and
// false: such notes are never worth an error.
func LookupJSON[T any](ctx context.Context, s Store, key string) (v T, ok bool) {
	c, ok := s.Lookup(ctx, key)
	if !ok {
		return v, false
	}
	b, err := ReadAll(c)
	if err != nil || json.Unmarshal(b, &v) != nil {
		return *new(T), false
	}
	return v, true
}
