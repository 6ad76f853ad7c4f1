package snapshot_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
)

// A run may have a million files: of each it holds little beside the manifest and the index.
func TestAFileTakesLittleOfARunsMemory(t *testing.T) {
	const n = 10_000
	m := &format.Manifest{}
	entries := make([]fs.Entry, n)
	for i := range n {
		doc, page := fmt.Sprintf("doc%d", i/100), fmt.Sprintf("canvas-%d", i)
		entries[i] = fs.Entry{Path: "docs/" + doc + "/pages/" + page + ".md", Kind: fs.KindPage, DocID: doc, ObjectID: page, Version: strings.Repeat("0", 32)}
		m.Files = append(m.Files, format.File{Path: entries[i].Path, Kind: fs.KindPage, DocID: doc, ObjectID: page, Version: entries[i].Version})
	}
	cost := snapshot.Cost{Requests: func(fs.Entry, int64) map[string]int { return map[string]int{"export": 1, "read": 1, "download": 1} }}
	for _, c := range []struct {
		what string
		most uint64
		make func() any
	}{
		{"the base", 200, func() any { return snapshot.IndexBase(m) }},
		{"the meter", 250, func() any { return snapshot.MeterOf(cost, entries) }},
	} {
		before := live()
		held := c.make()
		after := live()
		runtime.KeepAlive(held)
		t.Logf("%s: %d bytes a file", c.what, (after-before)/n)
		if (after-before)/n > c.most {
			t.Errorf("%s takes %d bytes a file, want %d at most", c.what, (after-before)/n, c.most)
		}
	}
}

// live is how many bytes are in use.
func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
