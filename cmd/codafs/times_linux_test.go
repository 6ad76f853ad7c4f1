package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/snapshot/format"
	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// forgetful is a file system in user space that does not take all times that files are given, and says nothing.
type forgetful struct {
	*fusefs.LoopbackNode
	takes func(valid uint32) bool
}

func (n *forgetful) Setattr(ctx context.Context, f fusefs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if !n.takes(in.Valid) {
		in.Valid &^= fuse.FATTR_ATIME | fuse.FATTR_MTIME
	}
	return n.LoopbackNode.Setattr(ctx, f, in, out)
}

// WrapChild makes all that is found in it like it.
func (n *forgetful) WrapChild(_ context.Context, child fusefs.InodeEmbedder) fusefs.InodeEmbedder {
	return &forgetful{child.(*fusefs.LoopbackNode), n.takes}
}

// mountForgetful mounts one that shows the folder below at dir until the test ends.
func mountForgetful(t *testing.T, below, dir string, takes func(valid uint32) bool) {
	t.Helper()
	root := &fusefs.LoopbackRoot{Path: below}
	root.RootNode = &forgetful{&fusefs.LoopbackNode{RootData: root}, takes}
	server, err := fusefs.Mount(dir, root.RootNode, &fusefs.Options{MountOptions: fuse.MountOptions{FsName: "forgetful", Name: "codafs-test"}})
	if err != nil {
		t.Skipf("mount: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Unmount(); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
}

// Programs such as encfs and exfat-fuse take the time of a file only together with that of its last use.
func TestTimesOfASnapshotWhereFewAreTaken(t *testing.T) {
	for name, c := range map[string]struct {
		takes    func(valid uint32) bool
		warnings int
	}{
		"only both": {func(valid uint32) bool { return valid&fuse.FATTR_ATIME != 0 && valid&fuse.FATTR_MTIME != 0 }, 0},
		"none":      {func(uint32) bool { return false }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			real := serveReal(t, codatest.Generate(4, 1, 3, 1, 5), codatest.Options{})
			below, out := t.TempDir(), t.TempDir()
			mountForgetful(t, below, out, c.takes)
			cmd := real.command("snapshot", "--output", out)
			if text, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			latest := filepath.Join(below, "latest")
			var summary format.Summary
			decodeFile(t, filepath.Join(latest, "summary.json"), &summary)
			if len(summary.Warnings) != c.warnings || c.warnings > 0 && !strings.Contains(summary.Warnings[0], "time") {
				t.Errorf("warnings %q, want %d", summary.Warnings, c.warnings)
			}
			var manifest format.Manifest
			decodeFile(t, filepath.Join(latest, "manifest.json"), &manifest)
			right := 0
			for _, f := range manifest.Files {
				info, err := os.Stat(filepath.Join(latest, f.Path))
				if err != nil {
					t.Fatal(err)
				}
				want := f.ModTime
				if want.IsZero() {
					want = f.UpdatedAt
				}
				if info.ModTime().Equal(want) {
					right++
				}
			}
			if want := len(manifest.Files); c.warnings == 0 && (right != want || want == 0) {
				t.Errorf("%d of %d files have their time", right, want)
			}
			if c.warnings > 0 && right > 0 {
				t.Errorf("%d files have their time where none is taken", right)
			}
		})
	}
}

func decodeFile(t *testing.T, path string, to any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}
