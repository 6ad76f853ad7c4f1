package treetest_test

import (
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

var workspaces = map[string]func() *codatest.Workspace{"sample": codatest.Sample, "hostile": codatest.Hostile}

func TestTreesPassTheSuite(t *testing.T) {
	for name, state := range workspaces {
		t.Run(name, func(t *testing.T) {
			w := treetest.New(t, state(), treetest.Options{Select: codadocs.Selection{HTMLPages: true, RowsJSON: true}})
			treetest.Run(t, w.FS(t), func(t *testing.T) iofs.FS { return w.FS(t) })
		})
	}
}

// The second tree has everything on its disk, and no service to ask for content.
func TestTreeOfAnEarlierDiskPassesTheSuite(t *testing.T) {
	dir := t.TempDir()
	first := treetest.New(t, codatest.Sample(), treetest.Options{Store: treetest.Disk(t, dir)})
	second := treetest.New(t, codatest.Sample(), treetest.Options{Store: treetest.Disk(t, dir)})
	treetest.Run(t, first.FS(t), func(t *testing.T) iofs.FS { return second.FS(t) })
	asked := map[string]int{}
	for _, r := range second.Requests() {
		if asked[r.Path]++; r.Path != "/docs" && !strings.HasSuffix(r.Path, "/acl/permissions") { // which have no stamp
			t.Errorf("%s %s, which the disk had", r.Method, r.Path)
		}
	}
	for path, n := range asked {
		if n > 1 {
			t.Errorf("%d requests for %s", n, path)
		}
	}
}

// A copy made by a plain loop stands for a snapshot: its folders have times of their own.
func TestCopyOnDiskPassesTheSuite(t *testing.T) {
	w := treetest.New(t, codatest.Sample(), treetest.Options{})
	dir := t.TempDir()
	for _, f := range treetest.Read(t, w.FS(t)) {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		if f.Dir {
			os.MkdirAll(name, 0o755)
			continue
		}
		if err := os.WriteFile(name, f.Data, 0o444); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, f.ModTime, f.ModTime); err != nil {
			t.Fatal(err)
		}
	}
	treetest.Run(t, w.FS(t), func(*testing.T) iofs.FS { return os.DirFS(dir) }, treetest.RunOptions{AnyFolderTime: true})
}

func TestEveryDifferenceIsNamed(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	read := func(change func(m fstest.MapFS)) []treetest.File {
		m := fstest.MapFS{"d/a": {Data: []byte("abc"), ModTime: at}, "d": {Mode: iofs.ModeDir, ModTime: at}, "e": {Data: nil, ModTime: at}}
		change(m)
		return treetest.Read(t, m)
	}
	same := read(func(fstest.MapFS) {})
	for why, change := range map[string]func(m fstest.MapFS){
		`"d/a" is missing`:      func(m fstest.MapFS) { delete(m, "d/a") },
		`"d/b" is too much`:     func(m fstest.MapFS) { m["d/b"] = &fstest.MapFile{} },
		`"d/a": size 4, want 3`: func(m fstest.MapFS) { m["d/a"] = &fstest.MapFile{Data: []byte("abcd"), ModTime: at} },
		`"d/a": 3 bytes, want 3; the first difference is at 2`: func(m fstest.MapFS) { m["d/a"] = &fstest.MapFile{Data: []byte("abd"), ModTime: at} },
		`"d": mtime 2026-01-02 03:04:06.000000006 +0000 UTC, want 2026-01-02 03:04:05.000000006 +0000 UTC`: func(m fstest.MapFS) {
			m["d"] = &fstest.MapFile{Mode: iofs.ModeDir, ModTime: at.Add(time.Second)}
		},
		`"e": a file, and a folder`: func(m fstest.MapFS) { m["e"] = &fstest.MapFile{Mode: iofs.ModeDir, ModTime: at} },
	} {
		if got := (treetest.RunOptions{}).Differ(same, read(change)); len(got) != 1 || got[0] != why {
			t.Errorf("got %q, want %q", got, why)
		}
	}
	if got := (treetest.RunOptions{}).Differ(same, same); got != nil {
		t.Errorf("a tree differs from itself: %q", got)
	}
}
