package remote

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote/load"
)

// Index gives each file of the tree, and each known gap, to each: first the gaps and notes of the list of units, then unit by
// unit in the order of paths, what has no path before the rest of its unit, and last the notes about the whole workspace. It
// fetches all lists anew, but of a unit that is held only the unit's own file is listed, which costs no request. It reads no
// contents, except one page's that is not held, if it is not known yet how page text is read. It holds a few units at a time.
// Calls of each and of held.Again come one after the other. An error of each ends the index. It also fails if the context ends,
// the token is refused or the units cannot be listed; any other failure is an entry with its Failure.
func (t *Tree) Index(ctx context.Context, held fs.Held, each func(fs.Entry) error) error {
	t.expect(held.Docs, held.Odd)
	if err := t.Refresh(ctx); err != nil {
		return err
	}
	x := &indexer{t: t, held: held, each: each, slots: make(load.Slots, cmp.Or(t.opts.Parallel, defaultParallel))}
	x.prober, _ = t.src.(Prober)
	t.mu.Lock()
	x.gaps, x.notes = t.gaps, t.notes
	x.units = slices.DeleteFunc(slices.Clone(t.units), func(u *Unit) bool { return slices.Contains(t.expected, u.ID) }) // those are gaps
	t.mu.Unlock()
	slices.SortFunc(x.units, func(a, b *Unit) int { return strings.Compare(a.Path()+"/", b.Path()+"/") })
	x.isHeld = make([]bool, len(x.units))
	for {
		again, err := x.pass(ctx)
		if err != nil || !again {
			return err
		}
		x.listed = true
		if held.Again != nil {
			held.Again()
		}
	}
}

// indexer makes one index. While units are walked, only probe and, each by the walk of its unit, isHeld change.
type indexer struct {
	t      *Tree
	held   fs.Held
	each   func(fs.Entry) error
	gaps   []fs.Failure
	notes  []string
	units  []*Unit
	isHeld []bool // by unit
	listed bool   // an earlier pass has fetched all lists
	// slots bounds how many lists and versions are asked for at a time. No goroutine takes a second one.
	slots  load.Slots
	prober Prober      // nil if the source is none
	probe  *load.Probe // nil until one is started
}

// pass gives all entries once. Versions may depend on how the source reads. If that changes meanwhile, all of them are to come
// again, which sends nothing more.
func (x *indexer) pass(ctx context.Context) (again bool, err error) {
	before, about := x.reads(), Survey(noSurvey{})
	if s, ok := x.t.src.(Surveyor); ok {
		about = s.Survey()
	}
	if len(x.gaps) > 0 {
		about.Unlisted()
	}
	first := gapItems(x.gaps)
	for _, text := range x.notes {
		first = append(first, indexItem{entry: fs.Entry{Kind: x.t.src.Layout().Kind, Note: text}})
	}
	if err := x.give(first, about); err != nil {
		return false, err
	}
	err = load.InOrder(ctx, len(x.units), cap(x.slots),
		func(ctx context.Context, i int) (*unitWalk, error) {
			w := &unitWalk{x: x, i: i}
			return w, w.walk(ctx, about)
		},
		func(ctx context.Context, w *unitWalk) error { return x.take(ctx, w, about) })
	if err != nil {
		return false, err
	}
	if err := x.probe.Wait(ctx); x.t.Fatal(ctx, err) {
		return false, err
	}
	if x.reads() != before {
		return true, nil
	}
	for _, e := range about.Notes() {
		if err := x.each(e); err != nil {
			return false, err
		}
	}
	return false, nil
}

// reads says how the source reads, as far as is known.
func (x *indexer) reads() string {
	if x.prober == nil {
		return ""
	}
	return x.prober.Reads()
}

// noSurvey is that of a source with nothing more to say.
type noSurvey struct{}

func (noSurvey) Unit(context.Context, *Lists) ([]fs.Failure, error) { return nil, nil }
func (noSurvey) Unlisted()                                          {}
func (noSurvey) Entry(fs.Entry)                                     {}
func (noSurvey) Notes() []fs.Entry                                  { return nil }

// take gives the entries of a unit that was walked, and lets go of its lists: the Store has them.
func (x *indexer) take(ctx context.Context, w *unitWalk, about Survey) error {
	x.seek(ctx, w.items)
	x.date(w.items)
	if err := x.give(w.items, about); err != nil {
		return err
	}
	if w.fresh != nil {
		x.units[w.i].replaceLists(w.fresh)
		w.fresh.Current().drop()
	}
	return nil
}

// give gives entries by path; those without a path by kind and ids.
func (x *indexer) give(items []indexItem, about Survey) error {
	slices.SortFunc(items, func(a, b indexItem) int {
		return cmp.Or(cmp.Compare(a.entry.Path, b.entry.Path), cmp.Compare(a.entry.Kind, b.entry.Kind),
			cmp.Compare(a.entry.DocID, b.entry.DocID), cmp.Compare(a.entry.ObjectID, b.entry.ObjectID))
	})
	for _, i := range items {
		about.Entry(i.entry)
		if err := x.each(i.entry); err != nil {
			return err
		}
	}
	return nil
}

// seek starts a probe, if it is not known how the source reads, with the first file that shows it and is neither held nor at
// hand. The index goes on meanwhile: a probe takes seconds. Whoever uses the index fetches that file anyway. If it fails, the
// failure is reported then.
func (x *indexer) seek(ctx context.Context, items []indexItem) {
	if x.prober == nil || x.probe != nil {
		return
	}
	learned := x.prober.Learned()
	if learned == nil {
		return
	}
	for _, i := range items {
		f, e := i.file, i.entry
		if f == nil || e.Failure != nil || !x.prober.Shows(f) || x.held.File != nil && x.held.File(e) {
			continue
		}
		if _, known := f.Size(fs.Version{Key: e.Version}); known {
			continue
		}
		x.probe = load.NewProbe(ctx, x.t, learned, func(ctx context.Context) error {
			c, _, err := fs.OpenCurrent(ctx, f)
			if err == nil {
				err = c.Close()
			}
			return err
		})
		return
	}
}

// date adds when computed bytes that are at hand were fetched. What is held is not fetched, so nobody asks, and for a page in a hundred
// thousand these are three questions to the Store.
func (x *indexer) date(items []indexItem) {
	for i := range items {
		f, e := items[i].file, &items[i].entry
		if f == nil || e.Failure != nil || e.Computed == fs.ComputedNot || x.held.File != nil && x.held.File(*e) {
			continue
		}
		if v := (fs.Version{Key: e.Version}); f.AtHand(v) {
			e.FetchedAt = f.fetchedAt(v).UTC()
		}
	}
}

// unitWalk collects the files and gaps of one unit for an index.
type unitWalk struct {
	x     *indexer
	i     int   // the unit's place in x.units
	fresh *Unit // the unit with lists that are fetched anew; nil if the known ones will do
	items []indexItem
}

// indexItem is a file whose entry may not be complete yet, or a gap or note.
type indexItem struct {
	entry fs.Entry
	file  *File // nil for a gap or note
}

// walk lists the unit, and completes the entries of its files.
func (w *unitWalk) walk(ctx context.Context, about Survey) error {
	if err := w.x.slots.Do(ctx, func() error { return w.list(ctx, about) }); err != nil {
		return err
	}
	return w.x.t.Parallel(ctx, len(w.items), func(ctx context.Context, i int) error {
		return w.x.slots.Do(ctx, func() error { return w.items[i].ask(ctx) })
	})
}

// list adds all files and gaps of the unit, or the one file that needs no list.
func (w *unitWalk) list(ctx context.Context, about Survey) error {
	u, held := w.x.units[w.i], &w.x.isHeld[w.i]
	if !w.x.listed {
		*held = w.x.held.Doc != nil && w.x.held.Doc(u.ID, u.modTime())
	}
	if *held {
		about.Unlisted()
		return w.unitFile(ctx, u)
	}
	if !w.x.listed {
		w.fresh = u.relist()
		u = w.fresh
	}
	if err := w.folder(ctx, u.folder(u.getName()), u.Path()); err != nil {
		return err
	}
	gaps, err := about.Unit(ctx, u.Current())
	w.items = append(w.items, gapItems(gaps)...)
	return err
}

// unitFile adds the one file of a unit that needs no list.
func (w *unitWalk) unitFile(ctx context.Context, u *Unit) error {
	src := w.x.t.src
	n, err := src.Entry(ctx, u, src.Layout().File)
	if err != nil {
		return err
	}
	w.items = append(w.items, indexItem{fs.Entry{Path: u.Path() + "/" + n.Name()}, n.(*File)})
	return nil
}

// folder adds the files below dir. A list that fails costs only its folder: the failure is also reported by the list's own
// file.
func (w *unitWalk) folder(ctx context.Context, dir *Folder, path string) error {
	nodes, err := dir.Entries(ctx)
	if w.x.t.Fatal(ctx, err) {
		return err
	}
	for _, n := range nodes {
		path := path + "/" + n.Name()
		switch n := n.(type) {
		case *Folder:
			if err := w.folder(ctx, n, path); err != nil {
				return err
			}
		case *File:
			w.items = append(w.items, indexItem{fs.Entry{Path: path}, n})
		}
	}
	return nil
}

// gapItems are known gaps. They were reported when they were found.
func gapItems(failures []fs.Failure) (items []indexItem) {
	for _, f := range failures {
		items = append(items, indexItem{entry: f.Entry()})
	}
	return items
}

// ask completes the entry of a file.
func (f *indexItem) ask(ctx context.Context) error {
	if f.file == nil {
		return nil
	}
	t, path := f.file.u.t, f.entry.Path
	var v fs.Version
	var err error
	if !f.file.kind.Info().Late {
		v, err = f.file.Version(ctx)
	}
	if t.Fatal(ctx, err) {
		return err
	}
	o := f.file.Object()
	if err != nil {
		f.entry = t.FailureOf(err, o, path).Entry()
		f.entry.Name = o.Title
		return nil
	}
	f.entry = fs.NewEntry(path, o, v)
	f.entry.Unstamped = f.file.Reload != nil && v.Since.IsZero()
	if d, ok := f.file.renderer.(Describer); ok {
		return d.Describe(ctx, &f.entry)
	}
	return nil
}
