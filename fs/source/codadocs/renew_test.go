package codadocs_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// evicting is a Store that lets go of the contents under some keys. It remembers the rest, as a cache does.
type evicting struct {
	fs.Store
	evicted []string // what these keys contain
}

func (e *evicting) gone(key string) bool {
	return slices.ContainsFunc(e.evicted, func(part string) bool { return strings.Contains(key, part) })
}

func (e *evicting) Lookup(ctx context.Context, key string) (fs.Content, bool) {
	if e.gone(key) {
		return nil, false
	}
	return e.Store.Lookup(ctx, key)
}

func (e *evicting) Has(key string) bool { return !e.gone(key) && e.Store.Has(key) }

func (e *evicting) Get(ctx context.Context, key string, fill func(context.Context, io.Writer) error) (fs.Content, error) {
	if e.gone(key) {
		return e.Store.Put(ctx, key, fill)
	}
	return e.Store.Get(ctx, key, fill)
}

// retype gives the text page and the plain table other text, as long as before, and moves no stamp.
func retype(w *treetest.Workspace, text string) {
	w.State.Recompute("Calendar-1", func(d *codatest.Doc) {
		d.Pages[1].Body = text + "\n"
		d.Tables[1].Rows[0].Cells = map[string]codatest.Value{"c-Name-0001": codatest.Text(text)}
	})
}

// wantOther reads a file, which must have other bytes under the stamps of an older version, and seen now.
func wantOther(t *testing.T, w *treetest.Workspace, path, text string, old fs.Version) fs.Version {
	t.Helper()
	got, v := now(t, w.Tree, path)
	if !strings.Contains(got, text) {
		t.Fatalf("%s has %q, want %q in it", path, got, text)
	}
	wantTime(t, path, v, w.Clock.Now())
	if v.Key == old.Key || strings.TrimSuffix(v.Stamps(), "-young") != strings.TrimSuffix(old.Stamps(), "-young") {
		t.Errorf("%s: version %+v after %+v", path, v, old)
	}
	again := w.NewTree(w.Store, codadocs.Selection{})
	if _, next := now(t, again, path); next != v {
		t.Errorf("%s: version %+v in another tree, want %+v", path, next, v)
	}
	return v
}

// fetched are the kinds of files whose bytes are fetched, as they stand in keys.
var fetched = []string{"/page/", "/rows/"}

// What is fetched again because the cache let go of it may be other bytes, though no stamp moved.
func TestEvictedBytesThatComeBackAsOthersHaveAnotherTime(t *testing.T) {
	store := &evicting{Store: treetest.Memory(t)}
	w := treetest.New(t, codatest.Calendar(""), treetest.Options{Store: store})
	refresh(t, w)
	for _, path := range []string{calendarText, calendarPlain} {
		retype(w, "one 0")
		_, was := now(t, w.Tree, path)
		for _, text := range []string{"two 0", "one 0"} {
			w.Clock.Advance(time.Hour)
			store.evicted = fetched
			if _, same := now(t, w.Tree, path); same != was {
				t.Errorf("%s: fetched again, the same bytes have version %+v, want %+v", path, same, was)
			}
			retype(w, text)
			_, err := open(t.Context(), file(t, w, path), was)
			store.evicted = nil
			if !errors.Is(err, fs.ErrStale) {
				t.Errorf("%s: the version that is gone: %v", path, err)
			}
			was = wantOther(t, w, path, text, was)
		}
	}
}

// A time never goes back: neither when a version settles whose bytes changed while it was young, nor when it is forgotten
// since when there were others.
func TestTimesOfOtherBytesStay(t *testing.T) {
	store := &evicting{Store: treetest.Memory(t)}
	w := treetest.New(t, codatest.Calendar(""), treetest.Options{Store: store})
	w.State.SetPageBody("Calendar-1", "canvas-Text-001", "edited\n")
	w.State.SetCell("Calendar-1", "grid-Plain-001", "i-P0", "c-Name-0001", codatest.Text("edited"))
	refresh(t, w)
	changed := map[string]fs.Version{calendarText: {}, calendarPlain: {}}
	for path := range changed {
		_, changed[path] = now(t, w.Tree, path)
	}
	w.Clock.Advance(2 * time.Minute)
	retype(w, "other")
	store.evicted = fetched
	for path, young := range changed {
		if _, err := open(t.Context(), file(t, w, path), young); !errors.Is(err, fs.ErrStale) || !young.Young() {
			t.Errorf("%s: %v is gone: %v", path, young, err)
		}
	}
	store.evicted = nil
	for path, young := range changed {
		changed[path] = wantOther(t, w, path, "other", young)
	}
	w.Clock.Advance(settle)
	refresh(t, w)
	for path, young := range changed {
		before := version(t, file(t, w, path))
		_, v := now(t, w.Tree, path)
		if v.Young() || v != before || !v.ModTime.Equal(young.ModTime) {
			t.Errorf("%s settled: version %+v, before it was fetched %+v, young %+v", path, v, before, young)
		}
	}
	store.evicted = []string{"/seen-"}
	w.Tree = w.NewTree(store, codadocs.Selection{})
	for path, was := range changed {
		if v := version(t, file(t, w, path)); v.ModTime.Before(was.ModTime) {
			t.Errorf("%s: %+v after %+v, when it is forgotten", path, v, was)
		}
	}
}
