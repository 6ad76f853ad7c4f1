package fs

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Index lists every file of the tree, and every known gap, sorted by path. It fetches all lists anew. It reads no
// contents, except one page's if it is not known yet how page text is read. It fails if the context ends, the token is
// refused or the units cannot be listed; any other failure is an entry with its Failure.
func (t *Tree) Index(ctx context.Context) ([]Entry, error) {
	return t.IndexChanged(ctx, Held{})
}

// Held says what the caller of IndexChanged already has. Several goroutines call its functions; a nil function means
// that nothing is held.
type Held struct {
	// Doc reports that a unit did not change, by its stamp. It is called once for each unit.
	Doc func(docID string, updatedAt time.Time) bool
	// File reports that the caller will not fetch the file of an entry. The entry's Rows and Source are not set yet.
	File func(Entry) bool
	// Docs are the ids of the units that the caller has: those that the list of units lacks are asked for by id. Odd has
	// the warnings that the caller knows: they cause no second read.
	Docs []string
	Odd  []Failure
}

func (h Held) unit(u *unit) bool { return h.Doc != nil && h.Doc(u.id, u.modTime()) }

// IndexChanged is Index, but for units that are held only the unit's own file is listed, which costs no request: the list
// of units has it. And no held file is fetched to find out how the source may read.
func (t *Tree) IndexChanged(ctx context.Context, held Held) ([]Entry, error) {
	t.expect(held.Docs, held.Odd)
	if err := t.Refresh(ctx); err != nil {
		return nil, err
	}
	t.mu.Lock()
	gaps, notes := t.gaps, t.notes
	units := slices.DeleteFunc(slices.Clone(t.units), func(u *unit) bool { return slices.Contains(t.expected, u.id) }) // those are gaps
	t.mu.Unlock()

	about := t.src.survey()
	walks, copies := make([]*indexer, len(units)), make([]*unit, len(units))
	err := t.parallel(ctx, len(units), func(ctx context.Context, i int) error {
		walks[i] = &indexer{t: t}
		if held.unit(units[i]) {
			about.unlisted()
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
		about.unlisted()
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
	return sorted(append(all.entries(), about.notes(all.entries())...)), nil
}

// ask completes the entries of all files. Versions may depend on how the source reads. If that changes meanwhile, all are
// completed again, which sends nothing more.
func (w *indexer) ask(ctx context.Context) error {
	p, _ := w.t.src.(prober)
	for {
		before := ""
		g, gctx := errgroup.WithContext(ctx)
		if p != nil {
			before = p.reads()
			if learned := p.learned(); learned != nil {
				g.Go(func() error { return w.probe(gctx, p, learned) }) // in parallel with the rest: it takes seconds
			}
		}
		g.Go(func() error {
			return w.t.parallel(gctx, len(w.items), func(ctx context.Context, i int) error { return w.items[i].ask(ctx) })
		})
		if err := g.Wait(); err != nil {
			return err
		}
		if p == nil || p.reads() == before {
			return nil
		}
	}
}

// probe finds out how the source may read, with a file that is not at hand. Whoever uses the index fetches that file
// anyway. If it fails, the failure is reported then.
func (w *indexer) probe(ctx context.Context, p prober, learned <-chan struct{}) error {
	ended := make(chan error, 1)
	w.t.spawn(ctx, func(ctx context.Context) { ended <- w.fetchOne(ctx, p) })
	select {
	case <-learned:
		return nil
	case err := <-ended:
		if w.t.fatal(ctx, err) {
			return err
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// fetchOne fetches a file that shows how the source may read and is neither at hand nor held, if there is one.
func (w *indexer) fetchOne(ctx context.Context, p prober) error {
	for i := range w.items {
		f := w.items[i].file // not f.entry: other goroutines complete that
		if f == nil || !p.shows(f) {
			continue
		}
		v, err := f.Version(ctx)
		if err != nil {
			return err
		}
		if _, known := f.Size(v); known || w.held.File != nil && w.held.File(newEntry(f.path(), f.Object(), v)) {
			continue
		}
		c, _, err := OpenCurrent(ctx, f)
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
	held  Held
	items []indexItem
}

// indexItem is a file whose entry is not complete yet, or a gap or note.
type indexItem struct {
	entry Entry
	file  *file // nil for a gap or note
}

// unitFile adds the one file of a unit that needs no list.
func (w *indexer) unitFile(ctx context.Context, u *unit) error {
	n, err := w.t.src.entry(ctx, u, w.t.src.layout().file)
	if err != nil {
		return err
	}
	w.items = append(w.items, indexItem{Entry{Path: u.path() + "/" + n.Name()}, n.(*file)})
	return nil
}

// unit adds all files and gaps of a unit.
func (w *indexer) unit(ctx context.Context, u *unit, about survey) error {
	if err := w.folder(ctx, u.folder(u.getName()), u.path()); err != nil {
		return err
	}
	gaps, err := about.unit(ctx, u.current())
	w.gaps(gaps)
	return err
}

// folder adds the files below dir. A list that fails costs only its folder: the failure is also reported by the list's own
// file.
func (w *indexer) folder(ctx context.Context, dir *folder, path string) error {
	nodes, err := dir.Entries(ctx)
	if w.t.fatal(ctx, err) {
		return err
	}
	for _, n := range nodes {
		path := path + "/" + n.Name()
		switch n := n.(type) {
		case *folder:
			if err := w.folder(ctx, n, path); err != nil {
				return err
			}
		case *file:
			w.items = append(w.items, indexItem{Entry{Path: path}, n})
		}
	}
	return nil
}

// gaps adds known gaps. They were reported when they were found.
func (w *indexer) gaps(failures []Failure) {
	for _, f := range failures {
		w.items = append(w.items, indexItem{entry: gap(f)})
	}
}

// notes adds notes about the list of units.
func (w *indexer) notes(texts []string) {
	for _, text := range texts {
		w.items = append(w.items, indexItem{entry: Entry{Kind: w.t.src.layout().kind, Note: text}})
	}
}

func gap(f Failure) Entry {
	return Entry{Path: f.Path, Kind: f.Kind, DocID: f.DocID, ObjectID: f.ObjectID, Failure: &f}
}

// ask completes the entry of a file.
func (f *indexItem) ask(ctx context.Context) error {
	if f.file == nil {
		return nil
	}
	t, path := f.file.u.t, f.entry.Path
	v, err := f.file.Version(ctx)
	if t.fatal(ctx, err) {
		return err
	}
	o := f.file.Object()
	if err != nil {
		f.entry = gap(t.FailureOf(err, o, path))
		f.entry.Name = o.Title
		return nil
	}
	f.entry = newEntry(path, o, v)
	f.entry.Unstamped = f.file.renew != nil && v.Since.IsZero()
	if v.Computed != ComputedNot && f.file.AtHand(v) {
		f.entry.FetchedAt = f.file.fetchedAt(v).UTC()
	}
	if d, ok := f.file.make.(describer); ok {
		return d.describe(ctx, &f.entry)
	}
	return nil
}

// newEntry makes the entry of a version of an object, without Rows and Source.
func newEntry(path string, o Object, v Version) Entry {
	e := Entry{Path: path, Kind: o.Kind, DocID: o.DocID, ObjectID: o.ID, Name: o.Title, Type: o.Type, URL: o.URL,
		CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt, ModTime: v.ModTime, Version: v.Key, Computed: v.Computed}
	if e.UpdatedAt.IsZero() {
		e.UpdatedAt = v.ModTime
	}
	return e
}

// entries returns all entries.
func (w *indexer) entries() []Entry {
	all := make([]Entry, len(w.items))
	for i, f := range w.items {
		all[i] = f.entry
	}
	return all
}

// sorted sorts entries by path; those without a path by kind and ids.
func sorted(all []Entry) []Entry {
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.DocID, b.DocID), cmp.Compare(a.ObjectID, b.ObjectID))
	})
	return all
}
