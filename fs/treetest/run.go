package treetest

import (
	"bytes"
	"errors"
	"io"
	iofs "io/fs"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// RunOptions loosen what [Run] asks. The zero value asks for everything.
type RunOptions struct {
	// AnyFolderTime is for copies on disk, whose folders have times of their own.
	AnyFolderTime bool
}

// Run checks a way of reading a tree: that it is a file system as [fstest.TestFS] wants it, that it
// has the files of want, byte for byte and with the same sizes and times, and that it keeps the
// promises of all trees. If the view is of a part of the tree, want is too ([iofs.Sub]). open is called
// for each subtest, with its t; it may return the same view each time. Nothing may change in the
// service meanwhile.
func Run(t *testing.T, want iofs.FS, open func(t *testing.T) iofs.FS, opts ...RunOptions) {
	t.Helper()
	var o RunOptions
	if len(opts) > 0 {
		o = opts[0]
	}
	expected := Read(t, want)
	t.Run("is what fstest wants", func(t *testing.T) {
		if err := fstest.TestFS(open(t), paths(expected)...); err != nil {
			t.Error(err)
		}
	})
	t.Run("has the same files", func(t *testing.T) {
		for _, line := range o.Differ(expected, Read(t, open(t))) {
			t.Error(line)
		}
	})
	t.Run("has legal names", func(t *testing.T) { legalNames(t, Read(t, open(t))) })
	t.Run("has nothing to write", func(t *testing.T) { readOnly(t, Read(t, open(t))) })
	t.Run("says what is not there", func(t *testing.T) { missing(t, open(t), expected) })
	t.Run("tells true sizes", func(t *testing.T) { trueSizes(t, open(t), expected) })
	t.Run("reads any part", func(t *testing.T) { anyPart(t, open(t), expected) })
	t.Run("serves many at once", func(t *testing.T) { manyReaders(t, open(t), expected) })
}

// paths are the names that fstest.TestFS is to find; the root is not among what it looks for.
func paths(files []File) (all []string) {
	for _, f := range files {
		if f.Path != "." {
			all = append(all, f.Path)
		}
	}
	return all
}

// legalNames checks names for Linux, macOS and Windows: whoever copies a mount to a disk of another
// system must lose none. It has rules of its own instead of those of package fs, which it tests.
func legalNames(t *testing.T, files []File) {
	fold := cases.Fold()
	seen := map[string]string{}
	for _, f := range files {
		if f.Path == "." {
			continue
		}
		name := path.Base(f.Path)
		// Whether two names are one does not depend on case nor on how accents are written.
		// macOS and Windows fold case, macOS also decomposes; folding may compose anew, so it is done on both sides.
		key := path.Dir(f.Path) + "/" + norm.NFD.String(fold.String(norm.NFD.String(name)))
		if twin, ok := seen[key]; ok {
			t.Errorf("%q and %q are one name to some systems", twin, f.Path)
		}
		seen[key] = f.Path
		switch {
		case len(name) > 255, !utf8.ValidString(name), !norm.NFC.IsNormalString(name), strings.ContainsAny(name, `<>:"/\|?*%`),
			strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }),
			strings.HasPrefix(name, "."), strings.HasPrefix(name, "-"), strings.HasSuffix(name, "."), strings.HasSuffix(name, " "),
			device(name):
			t.Errorf("%q is no legal name", name)
		}
		// A title may hold .. or a drive's letter: no path may leave the folder that a copy is made in.
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) {
			t.Errorf("%q leads elsewhere", f.Path)
		}
	}
}

// device reports whether Windows takes a name for a device's: with any ending, and also with digits written high.
func device(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem = strings.TrimRight(stem, " "); stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	for _, port := range []string{"COM", "LPT"} {
		if n, ok := strings.CutPrefix(stem, port); ok && len([]rune(n)) == 1 && strings.Contains("0123456789¹²³", n) {
			return true
		}
	}
	return false
}

// readOnly checks that nobody is invited to write, nor to run a file as a program.
func readOnly(t *testing.T, files []File) {
	for _, f := range files {
		if !f.Dir && (f.Mode.Perm()&0o333 != 0 || !f.Mode.IsRegular()) {
			t.Errorf("%q has mode %v", f.Path, f.Mode)
		}
	}
}

// missing checks that what is not there is an [iofs.ErrNotExist], in every folder. Of a path through a
// file only that it fails: systems have different errors for that.
func missing(t *testing.T, fsys iofs.FS, files []File) {
	for _, f := range files {
		if f.Dir {
			name := path.Join(f.Path, "there is no such name.md")
			if _, err := iofs.Stat(fsys, name); !errors.Is(err, iofs.ErrNotExist) {
				t.Errorf("stat %q: %v", name, err)
			}
		} else if _, err := iofs.Stat(fsys, f.Path+"/below a file"); err == nil {
			t.Errorf("%q has something below it", f.Path)
		}
	}
}

// trueSizes checks that what stat tells of a file is what a reader then gets: programs such as tar
// reserve that much room, and cut or fill what comes.
func trueSizes(t *testing.T, fsys iofs.FS, files []File) {
	for _, f := range files {
		if f.Dir {
			continue
		}
		before, err := iofs.Stat(fsys, f.Path)
		if err != nil {
			t.Error(err)
			continue
		}
		data, err := iofs.ReadFile(fsys, f.Path)
		if err != nil || int64(len(data)) != before.Size() {
			t.Errorf("%q: stat tells %d bytes, there are %d (%v)", f.Path, before.Size(), len(data), err)
		}
	}
}

// anyPart reads files from the middle and over the end, around the size of a memory page (4,096), in
// which kernels ask for bytes.
func anyPart(t *testing.T, fsys iofs.FS, files []File) {
	for _, f := range files {
		if f.Dir {
			continue
		}
		file, err := fsys.Open(f.Path)
		if err != nil {
			t.Error(err)
			continue
		}
		at, ok := file.(io.ReaderAt)
		if !ok {
			t.Errorf("%q cannot be read from the middle", f.Path)
			file.Close()
			continue
		}
		// A read at or behind the end returns no byte and io.EOF, as of any file.
		for _, off := range []int{0, 1, 4095, 4096, len(f.Data) / 2, len(f.Data) - 1, len(f.Data), len(f.Data) + 5000} {
			part := make([]byte, 5000)
			n, err := at.ReadAt(part, int64(max(off, 0)))
			from := min(max(off, 0), len(f.Data))
			want := f.Data[from:min(from+len(part), len(f.Data))]
			if !bytes.Equal(part[:n], want) || n < len(part) && err != io.EOF {
				t.Errorf("%q at %d: %d bytes, %v; want %d", f.Path, off, n, err, len(want))
			}
		}
		if err := file.Close(); err != nil {
			t.Errorf("%q: %v", f.Path, err)
		}
	}
}

// manyReaders has some read all files at once, each from another place on. With the race detector it
// finds unguarded state; without, bytes of one file in another.
func manyReaders(t *testing.T, fsys iofs.FS, files []File) {
	var wg sync.WaitGroup
	for i := range readers {
		wg.Go(func() {
			for j := range files {
				f := files[(j+i*len(files)/readers)%len(files)]
				if f.Dir {
					continue
				}
				if data, err := iofs.ReadFile(fsys, f.Path); err != nil || !bytes.Equal(data, f.Data) {
					t.Errorf("%q: %d bytes, want %d (%v)", f.Path, len(data), len(f.Data), err)
				}
			}
		})
	}
	wg.Wait()
}
