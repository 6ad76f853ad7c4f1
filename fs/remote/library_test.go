package remote_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount"
	"github.com/codafs/codafs/fs/mount/mountpoint"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/render"
	"github.com/codafs/codafs/fs/treetest"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/sealed"
)

// library is the smallest source: shelves, which hold books, in a map. Each shelf has a stamp; its catalogue is its one list.
// It counts what would be requests.
type library struct {
	catalogue remote.List[[]string]

	mu      sync.Mutex // guards all below
	shelves map[string]*shelf
	sent    []string
	down    error
}

type shelf struct {
	ID    string            `json:"id"`
	Stamp time.Time         `json:"stamp"`
	Books map[string]string `json:"-"`
}

const (
	kindShelf fs.Kind = "shelf"
	kindBook  fs.Kind = "book"
)

func init() {
	fs.AddKinds(map[fs.Kind]fs.KindInfo{
		kindShelf: {Class: fs.ClassUnit, Main: kindShelf, IsList: true},
		kindBook:  {Class: fs.ClassText, Main: kindBook, List: kindShelf},
	})
}

var printed = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func newLibrary() *library {
	l := &library{shelves: map[string]*shelf{
		"art":    {"art", printed, map[string]string{"monet.txt": "Lilies.\n"}},
		"garden": {"garden", printed, map[string]string{"roses.txt": "Prune in March.\n", "soil.txt": "Test it first.\n"}},
		"music":  {"music", printed, map[string]string{"bach.txt": "Aria, and 30 variations.\n"}},
	}}
	l.catalogue = remote.List[[]string]{
		Kind: "catalogue", Path: "shelf.json",
		Fill: func(_ context.Context, at *remote.Lists, _ string, w io.Writer, _ *remote.Try) error {
			s, err := l.shelf("catalogue", at.Unit.ID)
			if err != nil {
				return err
			}
			names := []string{}
			for name := range s.Books {
				names = append(names, name)
			}
			slices.Sort(names)
			return json.NewEncoder(w).Encode(names)
		},
		Parse: func(_ context.Context, _ *remote.Lists, _ string, b []byte) (names []string, err error) {
			return names, json.Unmarshal(b, &names)
		},
	}
	return l
}

// shelf is a request for a shelf, which it copies.
func (l *library) shelf(what, id string) (shelf, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, what+" "+id)
	s := l.shelves[id]
	switch {
	case l.down != nil:
		return shelf{}, l.down
	case s == nil:
		return shelf{}, iofs.ErrNotExist
	}
	return *s, nil
}

func (l *library) Layout() remote.Layout {
	return remote.Layout{Service: "The library", Unit: "shelf", Units: "shelves", Top: "shelves", Kind: kindShelf, File: "shelf.json",
		Empty: "the library is empty"}
}

func (l *library) List(context.Context, []remote.Item, *remote.Try) (found remote.Listing, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, "list")
	if l.down != nil {
		return found, l.down
	}
	for _, s := range l.shelves {
		found.Items = append(found.Items, itemOf(*s))
	}
	slices.SortFunc(found.Items, func(a, b remote.Item) int { return strings.Compare(a.ID, b.ID) })
	return found, nil
}

func itemOf(s shelf) remote.Item {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return remote.Item{ID: s.ID, Title: s.ID, CreatedAt: printed, Stamp: s.Stamp, JSON: b}
}

func (l *library) Ask(_ context.Context, was remote.Item, _ []remote.Item) (remote.Item, error) {
	s, err := l.shelf("ask", was.ID)
	return itemOf(s), err
}

func (l *library) Selects(selector string, i remote.Item) bool { return selector == i.ID }
func (l *library) ListKeys() []string                          { return []string{"shelves"} }

func (l *library) Decode(b []byte) (items []remote.Item, err error) {
	var all []shelf
	err = json.Unmarshal(b, &all)
	for _, s := range all {
		items = append(items, itemOf(s))
	}
	return items, err
}

func (l *library) Names(items []remote.Item) (names []string) {
	for _, i := range items {
		names = append(names, i.Title)
	}
	return names
}

func (l *library) Entries(ctx context.Context, u *remote.Unit) (*remote.Entries, error) {
	names, err := l.catalogue.Get(ctx, u.Current(), "")
	if err != nil {
		return nil, err
	}
	var nodes []fs.Node
	for _, name := range append([]string{"shelf.json"}, names...) {
		n, err := l.Entry(ctx, u, name)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return remote.NewEntries(nodes...), nil
}

func (l *library) Entry(ctx context.Context, u *remote.Unit, name string) (fs.Node, error) {
	if name == "shelf.json" {
		return u.NewShownFile(name, "", u.Object(kindShelf, "shelf"), func(context.Context) (*load.Shown, time.Time, error) {
			return load.NewShown(append(u.Item().JSON, '\n')), u.Item().Stamp, nil
		}), nil
	}
	names, err := l.catalogue.Get(ctx, u.Current(), "")
	switch {
	case err != nil:
		return nil, err
	case !slices.Contains(names, name):
		return nil, iofs.ErrNotExist
	}
	o := fs.Object{Kind: kindBook, Type: "book", DocID: u.ID, ID: name, Title: name, UpdatedAt: u.Item().Stamp}
	return u.NewFile(name, "", o, book{l, u, name}), nil
}

func (l *library) Class(error) remote.Class                                          { return remote.ClassOther }
func (l *library) Describe(error, *fs.Failure)                                       {}
func (l *library) Background(ctx context.Context, _ <-chan struct{}) context.Context { return ctx }

// book renders a book: its version is the stamp of its shelf.
type book struct {
	l    *library
	u    *remote.Unit
	name string
}

func (b book) Version(context.Context) (fs.Version, error) {
	v := fs.NewVersionHash("book")
	v.Add(b.name, b.u.Current().Item.Stamp)
	return v.Version(time.Now()), nil
}

func (b book) Render(ctx context.Context, v fs.Version, w io.Writer, _ *remote.Try) error {
	if now, err := b.Version(ctx); err != nil || now.Key != v.Key {
		return errors.Join(fs.ErrStale, err)
	}
	s, err := b.l.shelf("read "+b.name, b.u.ID)
	if err != nil {
		return err
	}
	return render.Write(w, []byte(s.Books[b.name]))
}

// requests returns what was sent since the last call.
func (l *library) requests() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	sent := l.sent
	l.sent = nil
	slices.Sort(sent)
	return sent
}

func (l *library) tree(t *testing.T, store fs.Store, changed func(string)) *remote.Tree {
	tree := remote.New(l, store, remote.Options{Account: "me", Changed: changed})
	t.Cleanup(tree.Close)
	return tree
}

var want = map[string]string{
	"shelves/art/monet.txt":     "Lilies.\n",
	"shelves/art/shelf.json":    `{"id":"art","stamp":"2026-03-01T09:00:00Z"}` + "\n",
	"shelves/garden/roses.txt":  "Prune in March.\n",
	"shelves/garden/shelf.json": `{"id":"garden","stamp":"2026-03-01T09:00:00Z"}` + "\n",
	"shelves/garden/soil.txt":   "Test it first.\n",
	"shelves/music/bach.txt":    "Aria, and 30 variations.\n",
	"shelves/music/shelf.json":  `{"id":"music","stamp":"2026-03-01T09:00:00Z"}` + "\n",
}

// all reads every file below shelves/.
func all(t *testing.T, f iofs.FS) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := iofs.WalkDir(f, "shelves", func(path string, d iofs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := iofs.ReadFile(f, path)
		got[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for path, text := range want {
		if got[path] != text {
			t.Errorf("%s: %s is %q, want %q", what, path, got[path], text)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d files, want %d", what, len(got), len(want))
	}
}

// Each list and each book is asked for once, until the stamp of the shelf moves. While the library is closed, all stays.
func TestALibraryIsATree(t *testing.T) {
	l, store := newLibrary(), treetest.Memory(t)
	var changed []string
	tree := l.tree(t, store, func(id string) { changed = append(changed, id) })
	f := fs.FS(t.Context(), tree.Root())
	same(t, "first", all(t, f), want)
	if got, want := l.requests(), []string{"catalogue art", "catalogue garden", "catalogue music", "list",
		"read bach.txt music", "read monet.txt art", "read roses.txt garden", "read soil.txt garden"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	same(t, "again", all(t, f), want)
	if got := l.requests(); len(got) > 0 {
		t.Errorf("an unchanged library was asked for %q", got)
	}

	l.mu.Lock()
	l.shelves["art"] = &shelf{"art", printed.Add(time.Hour), map[string]string{"klee.txt": "Fish.\n"}}
	l.mu.Unlock()
	changed = nil
	if err := tree.Refresh(t.Context()); err != nil || !slices.Equal(changed, []string{"art"}) {
		t.Errorf("changed: %q, %v", changed, err)
	}
	edited := map[string]string{"shelves/art/klee.txt": "Fish.\n", "shelves/art/shelf.json": `{"id":"art","stamp":"2026-03-01T10:00:00Z"}` + "\n"}
	for path, text := range want {
		if !strings.HasPrefix(path, "shelves/art/") {
			edited[path] = text
		}
	}
	same(t, "after an edit", all(t, f), edited)

	l.mu.Lock()
	l.down = errors.New("closed on Mondays")
	l.mu.Unlock()
	if err := tree.Refresh(t.Context()); err == nil {
		t.Error("a closed library was listed")
	}
	same(t, "closed", all(t, f), edited)
	same(t, "closed, another run", all(t, fs.FS(t.Context(), l.tree(t, store, nil).Root())), edited)
}

func TestALibraryIsMounted(t *testing.T) {
	if err := mountpoint.Check(false); err != nil {
		t.Skip("needs FUSE: ", err)
	}
	l, dir := newLibrary(), t.TempDir()
	server, err := mount.Mount(dir, l.tree(t, treetest.Memory(t), nil).Root(), mount.Options{XAttrs: "library"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Unmount(); err != nil {
			t.Error(err)
		}
	}()
	same(t, "mounted", all(t, os.DirFS(dir)), want)
}

// origin is a tree as a snapshot needs it.
type origin struct{ *remote.Tree }

func (o origin) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	return fs.FS(ctx, o.Root()).Open(path)
}

func TestALibraryIsBackedUp(t *testing.T) {
	l, output, store := newLibrary(), t.TempDir(), treetest.Memory(t)
	from := origin{l.tree(t, store, nil)}
	for run, read := range []int{4, 0} {
		l.requests()
		s, err := snapshot.Run(t.Context(), from, snapshot.Options{Output: output, Incremental: true})
		if err != nil || s.Result != "complete" || s.Files != len(want) {
			t.Fatalf("run %d: %s, %d files, %v", run, s.Result, s.Files, err)
		}
		sent := slices.DeleteFunc(l.requests(), func(r string) bool { return !strings.HasPrefix(r, "read ") })
		if len(sent) != read {
			t.Errorf("run %d read %q, want %d", run, sent, read)
		}
	}
	latest := filepath.Join(output, "latest")
	same(t, "the snapshot", all(t, os.DirFS(latest)), want)
	report, err := sealed.Verify(t.Context(), latest)
	if err != nil || len(report.Damage) > 0 {
		t.Errorf("verify: %+v, %v", report, err)
	}
}
