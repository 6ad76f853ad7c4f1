package fs

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// defaultParallel is how many requests are sent at once: enough to use up the service's rate limits if each answer
// takes a second.
const defaultParallel = 16

// Index lists every file of the tree, and every known gap, sorted by path. It fetches all lists anew. It reads no
// contents, except one page's if it is not known yet how page text is read. It fails if the context ends, the token is
// refused or the docs cannot be listed; any other failure is an entry with its Failure.
func (t *Tree) Index(ctx context.Context) ([]Entry, error) {
	return t.IndexChanged(ctx, Held{})
}

// Held says what the caller of IndexChanged already has. Several goroutines call its functions; a nil function means
// that nothing is held.
type Held struct {
	// Doc reports that a doc did not change, by its stamp. It is called once for each doc.
	Doc func(docID string, updatedAt time.Time) bool
	// File reports that the caller will not fetch the file of an entry. The entry's Rows and Source are not set yet.
	File func(Entry) bool
	// Docs are the ids of the docs that the caller has: those that the list of docs lacks are asked for by id. Odd has
	// the warnings that the caller knows: they cause no second read.
	Docs []string
	Odd  []Failure
}

func (h Held) doc(d *doc) bool { return h.Doc != nil && h.Doc(d.id, d.modTime()) }

// IndexChanged is Index, but for docs that are held only doc.json is listed, which costs no request: the list of docs
// has it. And no held file is fetched to find out how page text is read: if all pages are held as exports, they stay
// exports.
func (t *Tree) IndexChanged(ctx context.Context, held Held) ([]Entry, error) {
	t.expect(held.Docs, held.Odd)
	if err := t.Refresh(ctx); err != nil {
		return nil, err
	}
	t.mu.Lock()
	gaps, notes := t.gaps, t.notes
	docs := slices.DeleteFunc(slices.Clone(t.docs), func(d *doc) bool { return slices.Contains(t.expected, d.id) }) // those are gaps
	t.mu.Unlock()

	walks := make([]*indexer, len(docs))
	err := t.parallel(ctx, len(docs), func(ctx context.Context, i int) error {
		walks[i] = &indexer{t: t}
		if held.doc(docs[i]) {
			walks[i].unlisted = true
			return walks[i].docJSON(ctx, docs[i])
		}
		walks[i].copied = docs[i].relist()
		return walks[i].doc(ctx, walks[i].copied)
	})
	if err != nil {
		return nil, err
	}
	all := &indexer{t: t, held: held, unlisted: len(gaps) > 0}
	all.gaps(gaps)
	for _, n := range notes {
		all.items = append(all.items, indexItem{entry: Entry{Kind: KindDoc, Note: n}})
	}
	for i, w := range walks {
		all.items = append(all.items, w.items...)
		all.withheld = append(all.withheld, w.withheld...)
		all.excluded, all.unlisted = append(all.excluded, w.excluded...), all.unlisted || w.unlisted
		if w.copied != nil {
			docs[i].replaceLists(w.copied)
		}
	}
	if err := all.ask(ctx); err != nil {
		return nil, err
	}
	all.addNotes()
	return all.entries(), nil
}

// ask completes the entries of all files. The versions of pages depend on how their text is read. If that changes
// meanwhile, all are completed again, which sends nothing more.
func (w *indexer) ask(ctx context.Context) error {
	for {
		before := w.t.exports.right()
		g, gctx := errgroup.WithContext(ctx)
		if before == exportsUnknown {
			g.Go(func() error { return w.probe(gctx) }) // in parallel with the rest: it takes seconds
		}
		g.Go(func() error {
			return w.t.parallel(gctx, len(w.items), func(ctx context.Context, i int) error { return w.items[i].ask(ctx) })
		})
		if err := g.Wait(); err != nil {
			return err
		}
		if now := w.t.exports.right(); (now == exportsRefused) == (before == exportsRefused) {
			return nil
		}
	}
}

// probe finds out whether the token may start exports, with a page that is not at hand. Whoever uses the index fetches
// that page anyway. If it fails, the failure is reported then.
func (w *indexer) probe(ctx context.Context) error {
	known, ended := w.t.exports.isKnown(), make(chan error, 1)
	w.t.spawn(ctx, func(ctx context.Context) { ended <- w.fetchOne(ctx) })
	select {
	case <-known:
		return nil
	case err := <-ended:
		if fatal(ctx, err) {
			return err
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// fetchOne fetches a page that is neither at hand nor held, if there is one.
func (w *indexer) fetchOne(ctx context.Context) error {
	for i := range w.items {
		f := w.items[i].file // not f.entry: other goroutines complete that
		if f == nil || f.obj.Kind != KindPage {
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

// addNotes adds notes about the whole workspace.
func (w *indexer) addNotes() {
	w.noteExclusions()
	pages := 0
	for _, f := range w.items {
		if f.isPage() {
			pages++
		}
	}
	if w.t.exports.right() == exportsRefused && pages > 0 {
		w.items = append(w.items, indexItem{entry: Entry{Kind: KindPage, Note: fmt.Sprintf("%s (pages: %d)", contentNote, pages)}})
	}
	docs := map[Kind]int{}
	for _, kind := range w.withheld {
		docs[kind]++
	}
	for _, kind := range slices.Sorted(maps.Keys(docs)) {
		w.items = append(w.items, indexItem{entry: Entry{Kind: kind,
			Note: fmt.Sprintf("%s.json is left out where this token may not see it (docs: %d)", kind, docs[kind])}})
	}
}

// parallel calls do for 0 to n-1, several at a time, until one fails.
func (t *Tree) parallel(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(cmp.Or(t.opts.Parallel, defaultParallel))
	for i := range n {
		g.Go(func() error {
			if gctx.Err() != nil {
				return context.Cause(gctx)
			}
			return do(gctx, i)
		})
	}
	return g.Wait()
}

// indexer collects the files and gaps of the tree.
type indexer struct {
	t      *Tree
	held   Held
	copied *doc // the doc that it walks, a copy of the tree's own; nil if it lists nothing
	items  []indexItem
	// withheld has the kind of each file that a doc lacks because the token may not see it.
	withheld []Kind
	// excluded has the selectors that left pages out; unlisted says that the pages of a doc were not listed.
	excluded []string
	unlisted bool
}

// indexItem is a file whose entry is not complete yet, or a gap.
type indexItem struct {
	entry Entry
	file  *file // nil for a gap
}

// isPage reports whether it is the text of a page, and not a gap.
func (f indexItem) isPage() bool { return f.entry.Kind == KindPage && f.entry.Failure == nil }

// docJSON adds the one file of a doc that needs no list.
func (w *indexer) docJSON(ctx context.Context, d *doc) error {
	n, err := d.entry(ctx, "doc.json")
	if err != nil {
		return err
	}
	w.items = append(w.items, indexItem{Entry{Path: d.path() + "/" + n.Name()}, n.(*file)})
	return nil
}

// doc adds all files and gaps of a doc.
func (w *indexer) doc(ctx context.Context, d *doc) error {
	if err := w.folder(ctx, d.folder(d.getName()), d.path()); err != nil {
		return err
	}
	l := d.current()
	if l.oversized {
		w.unlisted = true
		w.gaps(d.refusals("", errOversized))
		return nil
	}
	pages, err := l.pageList(ctx)
	if w.unlisted = err != nil; !w.unlisted {
		w.gaps(pages.gaps)
		w.excluded = pages.excluded
	} else if refused(err) { // its file, which would report the failure, is left out
		w.gaps(d.refusals("pages.json", err))
	}
	if tables, err := l.tableList(ctx); err == nil {
		w.gaps(tables.gaps)
	} else if refused(err) {
		w.gaps(d.refusals("tables.json", err))
	}
	for _, o := range objectFiles {
		if _, err := o.list(l, ctx); o.withheld(err) {
			w.withheld = append(w.withheld, o.kind)
		}
	}
	return nil
}

// folder adds the files below dir. A list that fails costs only its folder: the failure is also reported by its file,
// pages.json or tables.json.
func (w *indexer) folder(ctx context.Context, dir *folder, path string) error {
	nodes, err := dir.Entries(ctx)
	if fatal(ctx, err) {
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

func gap(f Failure) Entry {
	return Entry{Path: f.Path, Kind: f.Kind, DocID: f.DocID, ObjectID: f.ObjectID, Failure: &f}
}

// ask completes the entry of a file.
func (f *indexItem) ask(ctx context.Context) error {
	if f.file == nil {
		return nil
	}
	path := f.entry.Path
	v, err := f.file.Version(ctx)
	if fatal(ctx, err) {
		return err
	}
	o := f.file.Object()
	if err != nil {
		f.entry = gap(FailureOf(err, o, path))
		f.entry.Name = o.Title
		return nil
	}
	f.entry = newEntry(path, o, v)
	f.entry.Unstamped = f.file.renew != nil && v.Since.IsZero()
	if v.Computed != ComputedNot && f.file.AtHand(v) {
		f.entry.FetchedAt = f.file.fetchedAt(v).UTC()
	}
	switch o.Kind {
	case KindRows, KindRowsJSON:
		if info, ok := f.file.d.current().knownTable(o.ID); ok {
			f.entry.Rows = info.table.RowCount
		}
	case KindFormulas, KindControls:
		_, list, err := f.file.make.(objectsMaker).at(ctx)
		if fatal(ctx, err) {
			return err
		}
		f.entry.Rows = int64(list.count)
	case KindPage, KindPageHTML:
		f.entry.Source = f.file.make.(pageMaker).source()
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

// entries returns all entries, sorted by path; those without a path by kind and ids.
func (w *indexer) entries() []Entry {
	all := make([]Entry, len(w.items))
	for i, f := range w.items {
		all[i] = f.entry
	}
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.DocID, b.DocID), cmp.Compare(a.ObjectID, b.ObjectID))
	})
	return all
}
