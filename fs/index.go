package fs

import (
	"cmp"
	"context"
	"slices"

	"github.com/codafs/codafs/coda"
	"golang.org/x/sync/errgroup"
)

// indexDocs is how many docs are listed at once. The service's rate limits allow far less than
// the connections could.
const indexDocs = 8

// Index lists every file of the tree, and every known gap, sorted by path. All is listed afresh:
// nothing is taken over from what the Store knows. Contents are not read. The error is the
// context's, the token's, or that of the listing of docs; any other is an entry with its Failure.
func (t *Tree) Index(ctx context.Context) ([]Entry, error) {
	if err := t.Refresh(ctx); err != nil {
		return nil, err
	}
	t.mu.Lock()
	docs, gaps := t.docs, t.gaps
	t.mu.Unlock()
	found := make([][]Entry, len(docs))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(indexDocs)
	for i, d := range docs {
		d.relist()
		g.Go(func() error {
			w := indexer{ctx: gctx}
			err := w.doc(d)
			found[i] = w.found
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	all := gapEntries(gaps)
	for _, f := range found {
		all = append(all, f...)
	}
	slices.SortStableFunc(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.DocID, b.DocID), cmp.Compare(a.ObjectID, b.ObjectID))
	})
	return all, nil
}

func gapEntries(gaps []Failure) (all []Entry) {
	for _, f := range gaps {
		all = append(all, Entry{Path: f.Path, Kind: f.Kind, DocID: f.DocID, ObjectID: f.ObjectID, Failure: &f})
	}
	return all
}

// indexer walks one doc.
type indexer struct {
	ctx   context.Context
	found []Entry
}

func (w *indexer) doc(d *doc) error {
	folder := d.folder(d.getName())
	if err := w.walk(folder, d.path()); err != nil {
		return err
	}
	l := d.current()
	if _, err := l.pageList(w.ctx); refused(err) {
		w.gap(err, d.object(KindPages, "doc"), d.path()+"/pages.json")
	}
	if _, err := l.tableList(w.ctx); refused(err) {
		w.gap(err, d.object(KindTables, "doc"), d.path()+"/tables.json")
	}
	return nil
}

func (w *indexer) gap(err error, obj Object, path string) {
	f := FailureOf(err, obj, path)
	w.found = append(w.found, Entry{Path: path, Kind: obj.Kind, DocID: obj.DocID, ObjectID: obj.ID, Name: obj.Title, Failure: &f})
}

func (w *indexer) walk(dir *folder, path string) error {
	if dir.gaps != nil {
		w.found = append(w.found, gapEntries(dir.gaps(w.ctx))...)
	}
	nodes, err := dir.Entries(w.ctx)
	if fatal(w.ctx, err) {
		return err
	}
	if err != nil {
		return nil // the list's own file, pages.json or tables.json, names the failure
	}
	for _, n := range nodes {
		path := path + "/" + n.Name()
		switch n := n.(type) {
		case *folder:
			err = w.walk(n, path)
		case *file:
			err = w.file(n, path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *indexer) file(f *file, path string) error {
	v, err := f.Version(w.ctx)
	if fatal(w.ctx, err) {
		return err
	}
	if err != nil {
		w.gap(err, f.obj, path)
		return nil
	}
	e := Entry{Path: path, Kind: f.obj.Kind, DocID: f.obj.DocID, ObjectID: f.obj.ID, Name: f.obj.Title, Type: f.obj.Type,
		URL: f.obj.URL, CreatedAt: f.obj.CreatedAt, UpdatedAt: f.obj.UpdatedAt, ModTime: v.ModTime, Version: v.Key}
	if e.UpdatedAt.IsZero() {
		e.UpdatedAt = v.ModTime
	}
	if f.obj.Kind == KindPage || f.obj.Kind == KindPageHTML {
		e.Source = "export"
	}
	w.found = append(w.found, e)
	return nil
}

// fatal tells whether an error ends the whole walk: nothing else would succeed either.
func fatal(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || coda.CodeOf(err) == coda.CodeUnauthorized)
}
