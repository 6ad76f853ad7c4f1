package folder

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/codafs/codafs/snapshot/format"
)

// Names in an output folder beside those of the snapshots. LatestName has the name of the newest snapshot that is fit to
// restore from, LatestLink leads to it, where links can be made.
const (
	LatestName    = "latest.txt" // a file with a name and a newline
	LatestLink    = "latest"     // a symbolic link
	lockName      = ".lock"
	partialPrefix = ".partial-"
)

// Folder is the output folder: sealed snapshots, at most a few partial ones, and the
// names of the latest. Reading needs no lock, since what is sealed never changes; whoever changes something has [Folder.Lock].
// Its methods for reading may be called from many goroutines.
type Folder struct {
	*disk
	path string
}

// Create opens an output folder and makes it if it is missing. The error is a [DestinationError].
func Create(path string) (*Folder, error) {
	if found, err := os.Stat(path); err == nil && !found.IsDir() {
		return nil, &DestinationError{fmt.Errorf("%s is not a folder", path)}
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, &DestinationError{err}
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, &DestinationError{err}
	}
	return &Folder{disk: newDisk(root), path: path}, nil
}

// Open opens a folder that is there, an output folder or one snapshot. It writes nothing; [Folder.Lock] comes before what does.
// The error is an [ErrNotSnapshot].
func Open(path string) (*Folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSnapshot, err)
	}
	return &Folder{disk: newDisk(root), path: path}, nil
}

// Close lets go of the folder.
func (f *Folder) Close() {
	f.dirs.Close()
	f.root.Close()
}

// SetHooks is for tests. It comes before the first change.
func (f *Folder) SetHooks(h Hooks) { f.hooks = h }

// OpenRoot opens a folder in f, or with "." f itself, for reading. Nothing outside of it can be reached.
func (f *Folder) OpenRoot(name string) (*os.Root, error) { return f.root.OpenRoot(name) }

// Sealed gives the ids of the sealed snapshots, oldest first.
func (f *Folder) Sealed() ([]string, error) { return f.ids("") }

// partial names the partial folders, oldest first.
func (f *Folder) partial() ([]string, error) { return f.ids(partialPrefix) }

// ids names the folders whose names are prefix and an id, oldest first. By number and not by name: Z-10 comes after Z-9.
func (f *Folder) ids(prefix string) ([]string, error) {
	all, err := iofs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return nil, &DestinationError{err}
	}
	var names []string
	for _, e := range all {
		id, ok := strings.CutPrefix(e.Name(), prefix)
		if _, _, isID := ParseID(id); ok && isID && e.IsDir() {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return compareIDs(strings.TrimPrefix(a, prefix), strings.TrimPrefix(b, prefix))
	})
	return names, nil
}

// Latest gives the id that latest.txt has, "" where there is none. One that is no id makes the folder that of somebody else: the
// error is a [ForeignError].
func (f *Folder) Latest() (string, error) {
	data, err := ReadFile(f.root.FS(), LatestName)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", &DestinationError{err}
	}
	id := strings.TrimSuffix(string(data), "\n")
	if _, _, ok := ParseID(id); !ok {
		return "", &ForeignError{Output: f.path, Found: "a latest.txt that codafs did not write: remove it, if the folder is yours"}
	}
	return id, nil
}

// HasLink reports whether anything has the name of the link.
func (f *Folder) HasLink() bool { return f.exists(LatestLink) }

// Head reads which run a snapshot, or a partial one, is of: its manifest without the lists.
func (f *Folder) Head(id string) (format.Head, error) {
	file, err := OpenFile(f.root.FS(), path.Join(id, format.ManifestName))
	if err != nil {
		return format.Head{}, err
	}
	defer file.Close()
	return format.DecodeHead(file)
}

// OpenManifest opens the manifest of a snapshot, given by its id, or with "." of the snapshot that f is. The caller closes it.
func (f *Folder) OpenManifest(id string) (*os.File, error) {
	return f.openFile(path.Join(id, format.ManifestName))
}

// openFile is [OpenFile] in f.
func (f *Folder) openFile(name string) (*os.File, error) {
	if err := wantFile(f.root.FS(), name); err != nil {
		return nil, err
	}
	return f.root.Open(name)
}

// Summary reads the summary of a snapshot. One whose bytes are no summary is an error.
func (f *Folder) Summary(id string) (format.Summary, error) {
	var s format.Summary
	data, err := ReadFile(f.root.FS(), path.Join(id, format.SummaryName))
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	return s, err
}

// IsSnapshot reports whether the folder is a snapshot itself, and gives its own name.
func (f *Folder) IsSnapshot() (name string, is bool) {
	path, err := filepath.Abs(f.path)
	if err != nil {
		path = f.path
	}
	name = filepath.Base(path)
	_, _, isID := ParseID(name)
	return name, isID || f.exists(format.ManifestName) || f.exists(format.SumsName)
}

// idLayout is how the time of a run becomes the name of its snapshot: without the colons that Windows refuses.
const idLayout = "2006-01-02T150405Z"

// ParseID takes a snapshot's id, which is its folder's name, apart: its second in UTC, and its number within that second, from 1
// on. ok is false for any other name.
func ParseID(name string) (second time.Time, n int, ok bool) {
	n = 1
	stamp, number, numbered := strings.Cut(name, "Z-")
	if numbered {
		stamp += "Z"
		var err error
		if n, err = strconv.Atoi(number); err != nil || n < 2 || strconv.Itoa(n) != number {
			return time.Time{}, 0, false
		}
	}
	second, err := time.Parse(idLayout, stamp)
	return second, n, err == nil
}

// compareIDs orders ids by their age.
func compareIDs(a, b string) int {
	secondA, nA, _ := ParseID(a)
	secondB, nB, _ := ParseID(b)
	return cmp.Or(secondA.Compare(secondB), cmp.Compare(nA, nB))
}

// newID gives a name for a run that started now: the first of its second that is free.
// adopted is the partial folder that the run takes over, or "".
func (f *Folder) newID(now time.Time, adopted string) string {
	id := now.UTC().Format(idLayout)
	for n := 2; f.exists(id) || f.exists(partialPrefix+id) && partialPrefix+id != adopted; n++ {
		id = now.UTC().Format(idLayout) + "-" + strconv.Itoa(n)
	}
	return id
}
