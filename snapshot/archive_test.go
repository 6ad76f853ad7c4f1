package snapshot_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"io"
	iofs "io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// unpacked is a file of an archive.
type unpacked struct {
	text string
	mode int64
	at   time.Time
}

func unzip(t *testing.T, data []byte) map[string]unpacked {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]unpacked{}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = unpacked{string(text), int64(f.Mode()), f.Modified.UTC()}
	}
	return files
}

func untar(t *testing.T, data []byte) map[string]unpacked {
	t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string]unpacked{}
	for r := tar.NewReader(z); ; {
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if head.Uid != 0 || head.Gid != 0 || head.Uname != "" || head.Gname != "" {
			t.Errorf("%s is somebody's", head.Name)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[head.Name] = unpacked{string(text), head.Mode, head.ModTime.UTC()}
	}
}

var formats = map[folder.ArchiveFormat]func(*testing.T, []byte) map[string]unpacked{folder.Zip: unzip, folder.TarZstd: untar}

func readArchive(t *testing.T, output, id string, format folder.ArchiveFormat) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(output, id+"."+string(format)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAnArchiveHoldsTheSnapshot(t *testing.T) {
	for format, unpack := range formats {
		t.Run(string(format), func(t *testing.T) {
			from, o := workspace(2), options(t)
			o.Archive = format
			from.entries[4].UpdatedAt, from.entries[4].ModTime = time.Time{}, time.Time{} // not known
			s := mustRun(t, from, o, 0)
			files := unpack(t, readArchive(t, o.Output, s.ID, format))
			got := map[string]string{}
			for name, f := range files {
				rest, ok := strings.CutPrefix(name, s.ID+"/")
				if !ok {
					t.Errorf("%s is not below the snapshot's name", name)
				}
				got[rest] = f.text
				want := from.entries[0].UpdatedAt
				if !strings.HasPrefix(rest, "docs/") || rest == from.entries[4].Path {
					want = s.FinishedAt.Truncate(time.Second)
				}
				if f.mode != 0o400 || !f.at.Equal(want) {
					t.Errorf("%s: mode %o, time %v, want %v", name, f.mode, f.at, want)
				}
			}
			if want := readTree(t, filepath.Join(o.Output, s.ID)); !maps.Equal(got, want) {
				t.Errorf("%d files, want %d", len(got), len(want))
			}
		})
	}
}

// The same snapshot, in another folder, with other times on disk, gives the same bytes.
func TestArchivesOfOneSnapshotAreEqual(t *testing.T) {
	for format := range formats {
		var archives [][]byte
		for i := range 2 {
			from, o := workspace(2), options(t)
			o.Archive = format
			o.Concurrency = 1 + 6*i
			if i == 1 {
				o.CheckDisk(func(op, name string) error {
					switch {
					case op == "chmod":
						return syscall.EPERM
					case op == "rename" && name == firstID: // it is sealed, and archived after that
						return touchAll(filepath.Join(o.Output, ".partial-"+firstID))
					}
					return nil
				})
			}
			s := mustRun(t, from, o, 0)
			archives = append(archives, readArchive(t, o.Output, s.ID, format))
		}
		if !bytes.Equal(archives[0], archives[1]) {
			t.Errorf("%s: they differ", format)
		}
	}
}

// touchAll gives all files below a folder a time that none of them has.
func touchAll(dir string) error {
	at := day.AddDate(-10, 0, 0)
	return filepath.WalkDir(dir, func(path string, d iofs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chtimes(path, at, at)
	})
}

func TestAnUnknownFormatStopsARunBeforeItStarts(t *testing.T) {
	from, o := workspace(1), options(t)
	o.Archive = "rar"
	s, err := snapshot.Run(t.Context(), from, o)
	if _, statErr := os.Stat(o.Output); err == nil || s.ExitCode != 1 || !errors.Is(statErr, os.ErrNotExist) {
		t.Errorf("exit code %d, %v; the folder: %v", s.ExitCode, err, statErr)
	}
}

func TestAnArchiveIsWholeOrNotThere(t *testing.T) {
	template := options(t)
	c := &nth{}
	template.Archive, template.Concurrency = folder.TarZstd, 1 // two at a time may both make a folder, and the count would differ
	template.CheckDisk(c.check)
	mustRun(t, workspace(1), template, 0)
	for n := len(c.ops); !strings.Contains(c.ops[n-1], "latest"); n-- {
		o := options(t)
		o.Archive, o.Concurrency = folder.TarZstd, 1
		o.CheckDisk((&nth{n: n, f: func() error { return syscall.ENOSPC }}).check)
		s, err := snapshot.Run(t.Context(), workspace(1), o)
		if snapshot.ExitCode(err) != 13 || s.ExitCode != 13 || s.Result != format.Complete {
			t.Errorf("%s: exit code %d, result %q, %v", c.ops[n-1], s.ExitCode, s.Result, err)
		}
		mustVerify(t, o.Output, 0)
		if data, err := os.ReadFile(filepath.Join(o.Output, s.ID+".tar.zst")); err == nil {
			untar(t, data)
		} else if !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	}
}
