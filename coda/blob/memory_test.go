package blob_test

import (
	"runtime"
	"testing"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/coda/codatest"
)

// A blob of 1 GiB takes no more memory than a small one: all that is allocated meanwhile, at both ends, is far less than the blob.
func TestALargeBlobIsStreamed(t *testing.T) {
	size := int64(1 << 30)
	if raced {
		size >>= 4
	}
	state := workspace()
	state.Docs[0].Blobs[1].Content = codatest.Noise(5, size)
	w := overSockets(t, state, coda.Options{}, blob.Options{})
	w.fault(codatest.Fault{Kind: codatest.Truncated, Times: 1}) // and resumed on the way
	var before, after runtime.MemStats
	var out counter
	runtime.ReadMemStats(&before)
	n, err := w.Fetch(t.Context(), doc, w.file(large), &out)
	runtime.ReadMemStats(&after)
	if err != nil || n != size || out.n != size || out.largest > 32<<10 {
		t.Errorf("%d bytes, %d written in pieces of %d at most: %v", n, out.n, out.largest, err)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 8<<20 {
		t.Errorf("%d bytes were allocated for a blob of %d", allocated, size)
	}
}
