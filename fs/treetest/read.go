package treetest

import (
	"bytes"
	"context"
	"fmt"
	iofs "io/fs"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
)

// File is one file or folder, as one way of reading showed it.
type File struct {
	Path    string
	Dir     bool
	Mode    iofs.FileMode
	Size    int64 // as stat tells it; that of folders says nothing
	ModTime time.Time
	Data    []byte
}

// readers is how many files are read at once: each cold page waits for an export.
const readers = 8

// Read reads all of a file system, in the order of [iofs.WalkDir]. What it says of a folder is as
// of the end: a tree knows no stamps before it was listed. A failure ends the test.
func Read(t testing.TB, fsys iofs.FS) []File {
	t.Helper()
	var all []File
	err := iofs.WalkDir(fsys, ".", func(path string, e iofs.DirEntry, err error) error {
		all = append(all, File{Path: path})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var g errgroup.Group
	g.SetLimit(readers)
	// Stats come after the whole walk, for the folders' times.
	for i := range all {
		g.Go(func() error { return all[i].read(fsys) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

// read stats before it reads, as programs do: a size that is only right after a read is an error that
// [RunOptions.Differ] then finds.
func (f *File) read(fsys iofs.FS) error {
	info, err := iofs.Stat(fsys, f.Path)
	if err != nil {
		return err
	}
	f.Dir, f.Mode, f.Size, f.ModTime = info.IsDir(), info.Mode(), info.Size(), info.ModTime()
	if !f.Dir {
		f.Data, err = iofs.ReadFile(fsys, f.Path)
	}
	return err
}

// Differ reports how got differs from want, in one line for each path. No line means that they are
// equal. Modes are not compared: files have 0444 in a mount and 0400 in a snapshot.
func (o RunOptions) Differ(want, got []File) (lines []string) {
	rest := map[string]File{}
	for _, f := range got {
		rest[f.Path] = f
	}
	for _, w := range want {
		g, ok := rest[w.Path]
		delete(rest, w.Path)
		if !ok {
			lines = append(lines, fmt.Sprintf("%q is missing", w.Path))
		} else if why := o.differs(w, g); why != "" {
			lines = append(lines, fmt.Sprintf("%q: %s", w.Path, why))
		}
	}
	for _, g := range got {
		if _, ok := rest[g.Path]; ok {
			lines = append(lines, fmt.Sprintf("%q is too much", g.Path))
		}
	}
	return lines
}

// differs is why two files of one path differ, "" if they do not. Times are compared first: a wrong
// time is usually another version, which explains all else.
func (o RunOptions) differs(want, got File) string {
	switch {
	case want.Dir != got.Dir:
		return "a file, and a folder"
	case !want.ModTime.Equal(got.ModTime) && !(want.Dir && o.AnyFolderTime):
		return fmt.Sprintf("mtime %v, want %v", got.ModTime, want.ModTime)
	case want.Dir:
		return ""
	case want.Size != got.Size:
		return fmt.Sprintf("size %d, want %d", got.Size, want.Size)
	case !bytes.Equal(want.Data, got.Data):
		return fmt.Sprintf("%d bytes, want %d; the first difference is at %d", len(got.Data), len(want.Data), firstDifference(want.Data, got.Data))
	}
	return ""
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// Index collects the entries of an index.
func Index(ctx context.Context, tree *remote.Tree, held fs.Held) (entries []fs.Entry, err error) {
	held.Again = func() { entries = nil }
	err = tree.Index(ctx, held, func(e fs.Entry) error { entries = append(entries, e); return nil })
	return entries, err
}
