package snapshot_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
)

// day is long after every stamp of the test trees: their content is settled.
var day = time.Date(2026, 3, 7, 10, 15, 30, 0, time.UTC)

// memory is an Origin in memory. Its hooks, set before a run, see every Open.
type memory struct {
	mu       sync.Mutex
	entries  []fs.Entry
	content  map[string]string
	indexErr error
	// open may fail a path, block on it, or give other bytes; nil, nil means as usual.
	open   func(ctx context.Context, path string) (io.ReadCloser, error)
	opened []string
	// finished counts, by path, how often a file was read to its end.
	finished map[string]int
}

func (m *memory) Index(_ context.Context, _ fs.Held, each func(fs.Entry) error) error {
	m.mu.Lock()
	entries, broken := slices.Clone(m.entries), m.indexErr
	m.mu.Unlock()
	if err := giveAll(entries, each); err != nil {
		return err
	}
	return broken
}

// giveAll gives entries as [snapshot.Origin.Index] does.
func giveAll(entries []fs.Entry, each func(fs.Entry) error) error {
	for _, e := range entries {
		if err := each(e); err != nil {
			return err
		}
	}
	return nil
}

// listOf collects the entries of an origin.
func listOf(ctx context.Context, from snapshot.Origin) (entries []fs.Entry, err error) {
	err = from.Index(ctx, fs.Held{}, func(e fs.Entry) error { entries = append(entries, e); return nil })
	return entries, err
}

func (m *memory) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	m.mu.Lock()
	m.opened = append(m.opened, path)
	text, ok := m.content[path]
	open := m.open
	m.mu.Unlock()
	if open != nil {
		if r, err := open(ctx, path); r != nil || err != nil {
			return r, err
		}
	}
	if !ok {
		return nil, &iofs.PathError{Op: "open", Path: path, Err: iofs.ErrNotExist}
	}
	return &counted{strings.NewReader(text), func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.finished == nil {
			m.finished = map[string]int{}
		}
		m.finished[path]++
	}}, nil
}

// counted calls ended when its text has come to an end.
type counted struct {
	*strings.Reader
	ended func()
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		c.ended()
	}
	return n, err
}

// WriteTo hides that of the Reader, which does not say where it ends.
func (c *counted) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{c})
}

func (c *counted) Close() error { return nil }

// edit gives an object other bytes, and with them another version and a newer stamp.
func (m *memory) edit(path, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.content[path] = text
	for i, e := range m.entries {
		if e.Path == path {
			m.entries[i].Version = versionOf(text)
			m.entries[i].UpdatedAt = e.UpdatedAt.Add(time.Minute)
			m.entries[i].ModTime = e.ModTime.Add(time.Minute)
		}
	}
}

func versionOf(text string) string { return fmt.Sprintf("v-%x", sha256.Sum256([]byte(text)))[:12] }

func (m *memory) add(e fs.Entry, text string) {
	stamp := day.Add(-24 * time.Hour)
	e.CreatedAt, e.UpdatedAt, e.ModTime = stamp.Add(-time.Hour), stamp, stamp
	e.Version = versionOf(text)
	m.entries = append(m.entries, e)
	m.content[e.Path] = text
}

// vanish deletes objects when somebody opens one of them.
func (m *memory) vanish(paths ...string) {
	m.open = func(_ context.Context, path string) (io.ReadCloser, error) {
		if !slices.Contains(paths, path) {
			return nil, nil
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.entries = slices.DeleteFunc(slices.Clone(m.entries), func(e fs.Entry) bool { return slices.Contains(paths, e.Path) })
		return nil, iofs.ErrNotExist
	}
}

// failing gives an error for the paths that have one.
func failing(errs map[string]error) func(context.Context, string) (io.ReadCloser, error) {
	return func(_ context.Context, path string) (io.ReadCloser, error) { return nil, errs[path] }
}

// workspace is a tree with docs docs, each of two pages, one of them below the other,
// a table and a view.
func workspace(docs int) *memory {
	m := &memory{content: map[string]string{}}
	for i := range docs {
		id := fmt.Sprintf("doc%d", i)
		dir := fmt.Sprintf("docs/Läunch & Plan %d__%s/", i, id)
		add := func(name string, kind fs.Kind, object, typ, text string) {
			m.add(fs.Entry{
				Path: dir + name, Kind: kind, DocID: id, ObjectID: object, Type: typ,
				Name: "Name of " + object, URL: "https://coda.io/d/_d" + id,
			}, text)
		}
		add("doc.json", fs.KindDoc, id, "doc", `{"id": "`+id+`"}`+"\n")
		add("pages.json", fs.KindPages, id, "doc", "[]\n")
		add("tables.json", fs.KindTables, id, "doc", "[]\n")
		add("pages/Status__canvas-1.md", fs.KindPage, "canvas-1", "page", "# Status of "+id+"\n")
		add("pages/Status__canvas-1/Sub__canvas-2.md", fs.KindPage, "canvas-2", "page", "")
		for _, typ := range []string{"table", "view"} {
			stem := "tables/" + typ + "/Status__Tasks__" + typ + "-1"
			add(stem+".csv", fs.KindRows, typ+"-1", typ, "_row_id,Note\ni-1,\"two\nlines, a \"\"quote\"\"\"\ni-2,\n")
			add(stem+".columns.json", fs.KindColumns, typ+"-1", typ, "[]\n")
			add(stem+".table.json", fs.KindTable, typ+"-1", typ, "{}\n")
		}
	}
	return m
}

// clock gives day, and a second more at each call.
func clock() func() time.Time { return clockAt(day) }

func clockAt(t time.Time) func() time.Time {
	var mu sync.Mutex
	t = t.Add(-time.Second)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		t = t.Add(time.Second)
		return t
	}
}

// options are for a folder in memory, where there is one: the tests sync some hundred
// thousand files.
func options(t *testing.T) snapshot.Options {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "codafs-test-")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return optionsFor(filepath.Join(dir, "coda-backups"))
}

func optionsFor(output string) snapshot.Options {
	return snapshot.Options{
		Output: output,
		Tool:   "codafs test",
		Source: format.Source{APIURL: "https://coda.io/apis/v1", Account: "someone@example.com"},
		Now:    clock(),
	}
}

// mustRun makes a snapshot with the given exit code.
func mustRun(t *testing.T, from snapshot.Origin, o snapshot.Options, code int) format.Summary {
	t.Helper()
	s, err := snapshot.Run(t.Context(), from, o)
	if err != nil || s.ExitCode != code {
		t.Fatalf("run: exit code %d, error %v; want %d", s.ExitCode, err, code)
	}
	return s
}

// readTree gives the content of every file below dir, by slash-separated path.
func readTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d iofs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		if d.Type()&os.ModeSymlink != 0 {
			target, err := os.Readlink(p)
			files[filepath.ToSlash(name)] = "-> " + target
			return err
		}
		data, err := os.ReadFile(p)
		files[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// wantDocs fails unless the snapshot's docs/ is exactly want.
func wantDocs(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	got := readTree(t, dir)
	for _, name := range []string{"manifest.json", "summary.json", "SHA256SUMS"} {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		}
		delete(got, name)
	}
	if !maps.Equal(got, want) {
		t.Errorf("files are %q\nwant %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

func readJSON[T any](t *testing.T, path string) T {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

func latest(t *testing.T, output string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(output, "latest.txt"))
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	if err != nil || !bytes.HasSuffix(data, []byte("\n")) {
		t.Fatalf("latest.txt: %q, %v", data, err)
	}
	return strings.TrimSpace(string(data))
}

func asJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}
