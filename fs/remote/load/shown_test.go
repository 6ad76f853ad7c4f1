package load

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
)

// Each lookup asks for the version of a list, which may have megabytes: they are hashed once for each stamp. Bytes that
// are hashed again would show here, as they are others by then.
func TestAListIsHashedOnce(t *testing.T) {
	stamp := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	b := []byte(`[{"id":"canvas-1"}]`)
	list := NewShown(b)
	version := func(stamp time.Time) fs.Version {
		v, err := list.Version(t.Context(), stamp)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	first := version(stamp)
	if want := fs.BytesVersion([]byte(`[{"id":"canvas-1"}]`), stamp); first != want {
		t.Errorf("got %+v, want %+v", first, want)
	}
	b[0] = '{'
	if again := version(stamp.In(time.FixedZone("", 3600))); again != first {
		t.Errorf("hashed again: %+v, then %+v", first, again)
	}
	later := version(stamp.Add(time.Second))
	if want := fs.BytesVersion(b, stamp.Add(time.Second)); later != want {
		t.Errorf("under another stamp: %+v, want %+v", later, want)
	}
}

// Bytes that are not held have the same versions, and are read only for their bytes or for another stamp.
func TestBytesThatAreNotHeldAreReadAgain(t *testing.T) {
	stamp := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	b, gone, read := []byte("[]\n"), errors.New("gone"), 0
	kept := NewKept(b, stamp, func(_ context.Context, sum string) ([]byte, error) {
		if read++; read > 2 {
			return nil, gone
		}
		if sum != Sum(b) {
			t.Errorf("asked for the bytes with sum %s, want %s", sum, Sum(b))
		}
		return b, nil
	})
	if v, err := kept.Version(t.Context(), stamp); v != fs.BytesVersion(b, stamp) || err != nil || kept.Sum() != Sum(b) || read != 0 {
		t.Errorf("%+v, %v, read %d times", v, err, read)
	}
	later := stamp.Add(time.Hour)
	for range 2 {
		if v, err := kept.Version(t.Context(), later); v != fs.BytesVersion(b, later) || err != nil || read != 1 {
			t.Errorf("later: %+v, %v, read %d times", v, err, read)
		}
	}
	if got, err := kept.Bytes(t.Context()); string(got) != "[]\n" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := kept.Bytes(t.Context()); !errors.Is(err, gone) {
		t.Errorf("lost bytes are %v", err)
	}
}
