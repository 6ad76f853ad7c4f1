package snapshot

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

const (
	latestName    = "latest.txt"
	latestLink    = "latest"
	lockName      = ".lock"
	partialPrefix = ".partial-"
)

// folder is the output folder: sealed snapshots, at most a few partial ones, and the
// names of the latest.
type folder struct {
	*disk
	path string
}

// create opens an output folder and makes it if it is missing. The error is a [DestinationError].
func createFolder(path string) (*folder, error) {
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
	return &folder{disk: &disk{root: root}, path: path}, nil
}

// openExisting opens a folder that somebody wants to look at.
func openExisting(path string) (*folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSnapshot, err)
	}
	return &folder{disk: &disk{root: root}, path: path}, nil
}

// close lets go of the folder.
func (f *folder) close() { f.root.Close() }

// setHooks is for tests, before the first change.
func (f *folder) setHooks(h hooks) { f.hooks = h }

// openRoot opens a folder in the output folder, or with "." that itself, for reading.
func (f *folder) openRoot(name string) (*os.Root, error) { return f.root.OpenRoot(name) }

// sealed names the sealed snapshots, oldest first.
func (f *folder) sealed() ([]string, error) { return f.ids("") }

// partial names the partial folders, oldest first.
func (f *folder) partial() ([]string, error) { return f.ids(partialPrefix) }

func (f *folder) ids(prefix string) ([]string, error) {
	all, err := iofs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return nil, &DestinationError{err}
	}
	var names []string
	for _, e := range all {
		id, ok := strings.CutPrefix(e.Name(), prefix)
		if _, _, isID := parseID(id); ok && isID && e.IsDir() {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return compareIDs(strings.TrimPrefix(a, prefix), strings.TrimPrefix(b, prefix))
	})
	return names, nil
}

// latest gives the content of latest.txt, "" where there is none.
func (f *folder) latest() (string, error) {
	data, err := readFile(f.root.FS(), latestName)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", &DestinationError{err}
	}
	id := strings.TrimSuffix(string(data), "\n")
	if _, _, ok := parseID(id); !ok {
		return "", &ForeignError{Output: f.path, Found: "a latest.txt that codafs did not write: remove it, if the folder is yours"}
	}
	return id, nil
}

// hasLink reports whether anything has the name of the link.
func (f *folder) hasLink() bool { return f.exists(latestLink) }

// head reads which run a snapshot, or a partial one, is of.
func (f *folder) head(id string) (format.Head, error) {
	file, err := openFile(f.root.FS(), path.Join(id, format.ManifestName))
	if err != nil {
		return format.Head{}, err
	}
	defer file.Close()
	return format.DecodeHead(file)
}

func (f *folder) manifest(id string) (*format.Manifest, error) {
	file, err := openFile(f.root.FS(), path.Join(id, format.ManifestName))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return format.DecodeManifest(file)
}

func (f *folder) summary(id string) (format.Summary, error) {
	var s format.Summary
	data, err := readFile(f.root.FS(), path.Join(id, format.SummaryName))
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	return s, err
}

// isSnapshot reports whether the folder is a snapshot itself, and its name.
func (f *folder) isSnapshot() (string, bool) {
	path, err := filepath.Abs(f.path)
	if err != nil {
		path = f.path
	}
	name := filepath.Base(path)
	_, _, isID := parseID(name)
	return name, isID || f.exists(format.ManifestName) || f.exists(format.SumsName)
}

const idLayout = "2006-01-02T150405Z"

// parseID takes a snapshot's name apart: its second, and its number within that second.
func parseID(name string) (second time.Time, n int, ok bool) {
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

func compareIDs(a, b string) int {
	secondA, nA, _ := parseID(a)
	secondB, nB, _ := parseID(b)
	return cmp.Or(secondA.Compare(secondB), cmp.Compare(nA, nB))
}

// newID gives a name for a run that started now: the first of its second that is free.
// adopted is the partial folder that the run takes over, or "".
func (f *folder) newID(now time.Time, adopted string) string {
	id := now.UTC().Format(idLayout)
	for n := 2; f.exists(id) || f.exists(partialPrefix+id) && partialPrefix+id != adopted; n++ {
		id = now.UTC().Format(idLayout) + "-" + strconv.Itoa(n)
	}
	return id
}
