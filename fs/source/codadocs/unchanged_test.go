package codadocs_test

import (
	iofs "io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/keys"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// onDisk are the files below dir. One that is written again is another file.
func onDisk(t *testing.T, dir string) map[string]iofs.FileInfo {
	t.Helper()
	files := map[string]iofs.FileInfo{}
	err := filepath.WalkDir(dir, func(path string, d iofs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files[path], err = d.Info()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// An index reads all lists anew. Where nothing changed since they settled, and the caller has all files, it writes nothing but the
// list of docs, whose time is told to people, and asks the store for nothing that only a fetch would need.
func TestAnIndexOfWhatIsHeldLeavesTheStoreAsItIs(t *testing.T) {
	w := treetest.New(t, codatest.Generate(3, 3, 20, 2, 3), treetest.Options{})
	dir := t.TempDir()
	disk, err := cache.OpenDisk(dir, cache.Options{Last: keys.EvictLast, Undated: keys.Undated, Now: w.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	store := &askedStore{Store: treetest.Kept(disk), n: map[string]int{}}
	index := func() (files int) {
		tree := codadocs.New(w.Client, store, codadocs.Options{Options: remote.Options{Account: "test", Now: w.Clock.Now}})
		defer tree.Close()
		held := fs.Held{File: func(fs.Entry) bool { return true }}
		err := tree.Index(t.Context(), held, func(e fs.Entry) error {
			if e.Failure != nil {
				t.Errorf("%s: %v", e.Path, e.Failure)
			}
			files++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	for range 2 {
		w.Clock.Advance(time.Hour)
		index()
	}
	before := onDisk(t, dir)
	store.take()
	sent := w.Sent(func() {
		if files := index(); files < 3*20 {
			t.Errorf("%d files", files)
		}
	})
	if len(sent) < 3*5 {
		t.Errorf("it sent %q, want all lists", sent)
	}
	var written []string
	for path, is := range onDisk(t, dir) {
		if was, ok := before[path]; !ok || !os.SameFile(was, is) {
			written = append(written, path)
		}
	}
	if len(written) > 1 {
		t.Errorf("%d files written: %q", len(written), written)
	}
	asked := store.take()
	maps.DeleteFunc(asked, func(what string, _ int) bool { return what != "Has" })
	if len(asked) > 0 {
		t.Errorf("asked %v", asked)
	}
}
