package main

import (
	iofs "io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// The suite for all trees holds for what the real program mounts, and for the snapshot that it makes
// of that mount: both are just the tree that package fs makes of the same service.
func TestMountsAndSnapshotsPassTheSuite(t *testing.T) {
	workspaces := map[string]*codatest.Workspace{"sample": codatest.Sample()}
	if os.Getenv("CODAFS_SOAK") == "1" {
		workspaces["hostile"] = codatest.Hostile() // a minute, most of it in paths of 4,000 bytes
	}
	for name, state := range workspaces {
		t.Run(name, func(t *testing.T) {
			fast := []string{"--rate=list=1000/1s", "--rate=read=1000/1s", "--rate=export=1000/1s"}
			m := mountReal(t, state, codatest.Options{}, append(fast, "--html-pages", "--rows-json")...)
			want := treeOf(t, m.url, codadocs.Selection{HTMLPages: true, RowsJSON: true})
			treetest.Read(t, os.DirFS(m.dir)) // several at once; the suite waits for one export after the other
			t.Run("mount", func(t *testing.T) {
				treetest.Run(t, want, func(*testing.T) iofs.FS { return os.DirFS(m.dir) })
			})
			t.Run("snapshot", func(t *testing.T) {
				backups := t.TempDir()
				docs, err := iofs.Sub(want, "docs")
				if out, cmdErr := exec.Command(m.bin, "snapshot", m.dir, "--output", backups).CombinedOutput(); cmdErr != nil || err != nil {
					t.Fatalf("%v, %v: %s", cmdErr, err, out)
				}
				treetest.Run(t, docs, func(*testing.T) iofs.FS { return os.DirFS(filepath.Join(backups, "latest", "docs")) }, treetest.RunOptions{AnyFolderTime: true})
			})
		})
	}
}

// treeOf is the tree of a service on a socket.
func treeOf(t *testing.T, url string, sel codadocs.Selection) iofs.FS {
	client, err := coda.New(coda.Options{BaseURL: url, Token: "any", Unlimited: true})
	if err != nil {
		t.Fatal(err)
	}
	store := cache.NewMemory(0)
	t.Cleanup(func() { store.Close() })
	tree := codadocs.New(client, treetest.Kept(store), codadocs.Options{Options: remote.Options{Account: "test"}, Select: sel})
	t.Cleanup(tree.Close)
	return fs.FS(t.Context(), tree.Root())
}
