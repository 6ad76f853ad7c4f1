package remote

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/codafs/codafs/fs"
)

// Index lists every file of the tree, and every known gap, sorted by path. It fetches all lists anew. It reads no
// contents, except one page's if it is not known yet how page text is read. It fails if the context ends, the token is
// refused or the units cannot be listed; any other failure is an entry with its Failure.
func (t *Tree) Index(ctx context.Context) ([]fs.Entry, error) {
	return t.IndexChanged(ctx, fs.Held{})
}

// IndexChanged is Index, but for units that are held only the unit's own file is listed, which costs no request: the list
// of units has it. And no held file is fetched to find out how the source may read.
func (t *Tree) IndexChanged(ctx context.Context, held fs.Held) ([]fs.Entry, error) {
	t.expect(held.Docs, held.Odd)
	if err := t.Refresh(ctx); err != nil {
		return nil, err
	}
	t.mu.Lock()
	gaps, notes := t.gaps, t.notes
	units := slices.DeleteFunc(slices.Clone(t.units), func(u *Unit) bool { return slices.Contains(t.expected, u.ID) }) // those are gaps
	t.mu.Unlock()

	about := Survey(noSurvey{})
	if s, ok := t.src.(Surveyor); ok {
		about = s.Survey()
	}
	walks, copies := make([]*indexer, len(units)), make([]*Unit, len(units))
	err := t.Parallel(ctx, len(units), func(ctx context.Context, i int) error {
		walks[i] = &indexer{t: t}
		if held.Doc != nil && held.Doc(units[i].ID, units[i].modTime()) {
			about.Unlisted()
			return walks[i].unitFile(ctx, units[i])
		}
		copies[i] = units[i].relist()
		return walks[i].unit(ctx, copies[i], about)
	})
	if err != nil {
		return nil, err
	}
	all := &indexer{t: t, held: held}
	if len(gaps) > 0 {
		about.Unlisted()
	}
	all.gaps(gaps)
	all.notes(notes)
	for i, w := range walks {
		all.items = append(all.items, w.items...)
		if copies[i] != nil {
			units[i].replaceLists(copies[i])
		}
	}
	if err := all.ask(ctx); err != nil {
		return nil, err
	}
	return sorted(append(all.entries(), about.Notes(all.entries())...)), nil
}

// noSurvey is that of a source with nothing more to say.
type noSurvey struct{}

func (noSurvey) Unit(context.Context, *Lists) ([]fs.Failure, error) { return nil, nil }
func (noSurvey) Unlisted()                                          {}
func (noSurvey) Notes([]fs.Entry) []fs.Entry                        { return nil }

// ask completes the entries of all files. Versions may depend on how the source reads. If that changes meanwhile, all are
// completed again, which sends nothing more.
func (w *indexer) ask(ctx context.Context) error {
	p, _ := w.t.src.(Prober)
	for {
		before := ""
		g, gctx := errgroup.WithContext(ctx)
		if p != nil {
			before = p.Reads()
			if learned := p.Learned(); learned != nil {
				g.Go(func() error { return w.probe(gctx, p, learned) }) // in parallel with the rest: it takes seconds
			}
		}
		g.Go(func() error {
			return w.t.Parallel(gctx, len(w.items), func(ctx context.Context, i int) error { return w.items[i].ask(ctx) })
		})
		if err := g.Wait(); err != nil {
			return err
		}
		if p == nil || p.Reads() == before {
			return nil
		}
	}
}

// probe finds out how the source may read, with a file that is not at hand. Whoever uses the index fetches that file
// anyway. If it fails, the failure is reported then.
func (w *indexer) probe(ctx context.Context, p Prober, learned <-chan struct{}) error {
	ended := make(chan error, 1)
	w.t.Spawn(ctx, func(ctx context.Context) { ended <- w.fetchOne(ctx, p) })
	select {
	case <-learned:
		return nil
	case err := <-ended:
		if w.t.Fatal(ctx, err) {
			return err
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// fetchOne fetches a file that shows how the source may read and is neither at hand nor held, if there is one.
func (w *indexer) fetchOne(ctx context.Context, p Prober) error {
	for i := range w.items {
		f := w.items[i].file // not f.entry: other goroutines complete that
		if f == nil || !p.Shows(f) {
			continue
		}
		v, err := f.Version(ctx)
		if err != nil {
			return err
		}
		if _, known := f.Size(v); known || w.held.File != nil && w.held.File(newEntry(f.path(), f.Object(), v)) {
			continue
		}
		c, _, err := fs.OpenCurrent(ctx, f)
		if err != nil {
			return err
		}
		return c.Close()
	}
	return nil
}

// indexer collects the files and gaps of the tree, or of one unit.
type indexer struct {
	t     *Tree
	held  fs.Held
	items []indexItem
}

// indexItem is a file whose entry is not complete yet, or a gap or note.
type indexItem struct {
	entry fs.Entry
	file  *File // nil for a gap or note
}

// unitFile adds the one file of a unit that needs no list.
func (w *indexer) unitFile(ctx context.Context, u *Unit) error {
	n, err := w.t.src.Entry(ctx, u, w.t.src.Layout().File)
	if err != nil {
		return err
	}
	w.items = append(w.items, indexItem{fs.Entry{Path: u.Path() + "/" + n.Name()}, n.(*File)})
	return nil
}

// unit adds all files and gaps of a unit.
func (w *indexer) unit(ctx context.Context, u *Unit, about Survey) error {
	if err := w.folder(ctx, u.folder(u.getName()), u.Path()); err != nil {
		return err
	}
	gaps, err := about.Unit(ctx, u.Current())
	w.gaps(gaps)
	return err
}

// folder adds the files below dir. A list that fails costs only its folder: the failure is also reported by the list's own
// file.
func (w *indexer) folder(ctx context.Context, dir *Folder, path string) error {
	nodes, err := dir.Entries(ctx)
	if w.t.Fatal(ctx, err) {
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

// gaps adds known gaps. They were reported when they were found.
func (w *indexer) gaps(failures []fs.Failure) {
	for _, f := range failures {
		w.items = append(w.items, indexItem{entry: gap(f)})
	}
}

// notes adds notes about the list of units.
func (w *indexer) notes(texts []string) {
	for _, text := range texts {
		w.items = append(w.items, indexItem{entry: fs.Entry{Kind: w.t.src.Layout().Kind, Note: text}})
	}
}

func gap(f fs.Failure) fs.Entry {
	return fs.Entry{Path: f.Path, Kind: f.Kind, DocID: f.DocID, ObjectID: f.ObjectID, Failure: &f}
}

// ask completes the entry of a file.
func (f *indexItem) ask(ctx context.Context) error {
	if f.file == nil {
		return nil
	}
	t, path := f.file.u.t, f.entry.Path
	v, err := f.file.Version(ctx)
	if t.Fatal(ctx, err) {
		return err
	}
	o := f.file.Object()
	if err != nil {
		f.entry = gap(t.FailureOf(err, o, path))
		f.entry.Name = o.Title
		return nil
	}
	f.entry = newEntry(path, o, v)
	f.entry.Unstamped = f.file.Reload != nil && v.Since.IsZero()
	if v.Computed != fs.ComputedNot && f.file.AtHand(v) {
		f.entry.FetchedAt = f.file.fetchedAt(v).UTC()
	}
	if d, ok := f.file.renderer.(Describer); ok {
		return d.Describe(ctx, &f.entry)
	}
	return nil
}

// newEntry makes the entry of a version of an object, without Rows and Source.
func newEntry(path string, o fs.Object, v fs.Version) fs.Entry {
	e := fs.Entry{Path: path, Kind: o.Kind, DocID: o.DocID, ObjectID: o.ID, Name: o.Title, Type: o.Type, URL: o.URL,
		CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt, ModTime: v.ModTime, Version: v.Key, Computed: v.Computed}
	if e.UpdatedAt.IsZero() {
		e.UpdatedAt = v.ModTime
	}
	return e
}

// entries returns the entries of all items, in their order.
func (w *indexer) entries() []fs.Entry {
	all := make([]fs.Entry, len(w.items))
	for i, f := range w.items {
		all[i] = f.entry
	}
	return all
}

// sorted sorts entries by path; those without a path by kind and ids.
func sorted(all []fs.Entry) []fs.Entry {
	slices.SortFunc(all, func(a, b fs.Entry) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.DocID, b.DocID), cmp.Compare(a.ObjectID, b.ObjectID))
	})
	return all
}
