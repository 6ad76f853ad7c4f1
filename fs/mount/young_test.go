//go:build linux

package mount

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// What was fetched soon after an edit may be older than its stamp. The right bytes come later, under the same stamp, and
// may be as many: whoever copies by size and time gets them all the same, also from a mount that was not there before.
func TestWhatLaggedIsCopiedOnceItIsThere(t *testing.T) {
	const doc = "Calendar-1"
	var lag atomic.Int64
	w := treetest.New(t, codatest.Calendar(""), treetest.Options{Store: treetest.Disk(t, t.TempDir()),
		Service: codatest.Options{Lag: func(_, path string) time.Duration {
			if !strings.HasSuffix(path, "/rows") && !strings.Contains(path, "/export") {
				return 0 // what the service lists is right, stamps and all
			}
			return time.Duration(lag.Load())
		}}})
	folder, copied := filepath.Join("docs", "Calendar__Calendar-1"), scratch(t)
	rsync := func(dir string) string {
		return output(t, "rsync", "-a", "--out-format=%n", "--include=*/", "--include=Plain*.csv", "--include=*.md", "--exclude=*", join(dir, folder)+"/", copied)
	}
	times := func(dir string) string {
		return output(t, "find", join(dir, folder), "-name", "*.csv", "-printf", "%f %T@\n")
	}
	refresh := func(s *Server) {
		if err := w.Tree.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Changed(doc)
	}
	w.State.SetPageBody(doc, "canvas-Text-001", "Old text\n")
	w.State.SetCell(doc, "grid-Plain-001", "i-P0", "c-Name-0001", codatest.Text("old 0"))
	w.Clock.Advance(time.Hour)
	w.State.SetPageBody(doc, "canvas-Text-001", "New text\n")
	w.State.SetCell(doc, "grid-Plain-001", "i-P0", "c-Name-0001", codatest.Text("new 0"))
	w.Clock.Advance(time.Second)

	dir, s := mountServer(t, w.Tree.Root(), Options{Notified: true})
	lag.Store(int64(time.Minute))
	refresh(s)
	rsync(dir)
	lag.Store(0)
	w.Clock.Advance(11 * time.Minute)
	refresh(s)
	got := ""
	eventually(t, "the kernel was told, and nothing is copied once more", func() bool { // it knows at once where names are not kept
		again := rsync(dir)
		got += again
		return strings.Contains(got, "pages/Text__") && strings.Contains(got, "Plain__") && !strings.Contains(again, "__")
	})
	for _, path := range strings.Fields(got) {
		if strings.Contains(path, "__") && strings.Count("\n"+got, "\n"+path+"\n") > 1 {
			t.Errorf("copied twice: %s", path)
		}
	}
	for path, text := range map[string]string{"tables/table/Plain__grid-Plain-001.csv": "new 0", "pages/Text__canvas-Text-001.md": "New text"} {
		b, err := os.ReadFile(join(copied, path))
		if err != nil || !strings.Contains(string(b), text) || !strings.Contains(got, path+"\n") {
			t.Errorf("%s: copied %q, which is %q, %v", path, got, b, err)
		}
	}
	seen := times(dir)
	w.Clock.Advance(time.Hour)
	tree := w.NewTree(w.Store, codadocs.Selection{})
	dir, _ = mountServer(t, tree.Root(), Options{Notified: true})
	if got := times(dir); got != seen {
		t.Errorf("after a remount the times are\n%s, and were\n%s", got, seen)
	}
	if again := rsync(dir); strings.Contains(again, "__") {
		t.Errorf("copied from another mount: %s", again)
	}
}
