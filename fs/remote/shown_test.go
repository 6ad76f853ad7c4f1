package remote

import (
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
)

// Each lookup asks for the version of a list, which may have megabytes: they are hashed once for each stamp. Bytes that
// are hashed again would show here, as they are others by then.
func TestAListIsHashedOnce(t *testing.T) {
	stamp := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	list := &Shown{Bytes: []byte(`[{"id":"canvas-1"}]`)}
	first := list.Version(stamp)
	if want := fs.BytesVersion([]byte(`[{"id":"canvas-1"}]`), stamp); first != want {
		t.Errorf("got %+v, want %+v", first, want)
	}
	list.Bytes[0] = '{'
	if again := list.Version(stamp.In(time.FixedZone("", 3600))); again != first {
		t.Errorf("hashed again: %+v, then %+v", first, again)
	}
	later := list.Version(stamp.Add(time.Second))
	if want := fs.BytesVersion(list.Bytes, stamp.Add(time.Second)); later != want {
		t.Errorf("under another stamp: %+v, want %+v", later, want)
	}
}
