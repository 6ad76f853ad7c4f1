package codadocs

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	iofs "io/fs"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/render"
	"github.com/codafs/codafs/fs/source/codadocs/pagetree"
)

// pageList is a doc's pages as a tree. It never changes; a new list takes its place.
type pageList struct {
	*pagetree.Tree
	json *load.Shown
	gaps []fs.Failure
	// excluded has the selectors that left pages out.
	excluded []string
}

// pageLists says how a doc's pages are listed. The service counts them, so a list that is suddenly empty is read again.
func (s *docs) pageLists() remote.List[*pageList] {
	return remote.List[*pageList]{
		Kind: fs.KindPages, Path: "pages.json",
		Fill: func(ctx context.Context, l *remote.Lists, _ string, w io.Writer, t *remote.Try) error {
			all := load.Once(t, s.api.Pages(ctx, l.Unit.ID), func(p coda.Page) string { return p.ID })
			return render.List(w, all, func(p coda.Page) json.RawMessage { return p.Raw })
		},
		Parse: func(_ context.Context, l *remote.Lists, _ string, b []byte) (*pageList, error) {
			pages, err := coda.DecodeList[coda.Page](b)
			if err != nil {
				return nil, err
			}
			return newPageList(doc{l.Unit, s}, s.pages.Kept(l, "", b), pages), nil
		},
		Size:  func(l *pageList) int { return l.Tree.Size() },
		Count: func(l *remote.Lists) int { return docOf(l.Item).DocSize.PageCount },
	}
}

// pageList returns the doc's pages. As all lists, they may be older ones: see [remote.List].
func (s *docs) pageList(ctx context.Context, l *remote.Lists) (*pageList, error) {
	return get(ctx, &s.pages, l, "")
}

// newPageList arranges the pages of a doc that the tree shows.
func newPageList(d doc, shown *load.Shown, metas []coda.Page) *pageList {
	l := &pageList{json: shown}
	out, used := d.s.sel.Excluded(d.ID, metas)
	l.excluded = used
	kept, seen := make([]coda.Page, 0, len(metas)), make(map[string]bool, len(metas))
	for _, m := range metas {
		switch {
		case out[m.ID], d.s.sel.SkipHiddenPages && m.IsEffectivelyHidden:
		case !fs.ValidID(m.ID):
			l.gaps = append(l.gaps, remote.BadID(d.ID, m.ID, m.Name, fs.KindPage))
		case seen[m.ID]: // a list that changes while it is read may name an item twice
		default:
			kept = append(kept, m)
			seen[m.ID] = true
		}
	}
	d.s.t.NoteGaps(l.gaps)
	l.Tree = pagetree.New(d.ID, kept, d.s.sel.Names, d.s.showsHTML)
	return l
}

// showsHTML reports whether pages have their HTML beside them. If it is there for the sake of the files, a token that may not export costs
// both, and no page a failure of its own.
func (s *docs) showsHTML() bool {
	return s.sel.HTMLPages && !s.sel.Files || s.sel.Files && !s.exports.Refused()
}

// entries makes the nodes of the folder of p's children.
func (l *pageList) entries(d doc, p *pagetree.Page) *remote.Entries {
	nodes := make([]fs.Node, 0, len(p.Children))
	l.Folder(p, func(n pagetree.Name) { nodes = append(nodes, d.pageNode(n)) })
	return remote.NewEntries(nodes...)
}

// pageNode makes the node of a page for one of its names. The tree of pages is locked, so it must not list them.
func (d doc) pageNode(n pagetree.Name) fs.Node {
	name, p, id := n.Stem+n.Ending, n.Page, n.Page.ID
	export := func(kind fs.Kind, format coda.Format) *remote.File {
		f := d.NewFileOf(name, n.Dir, kind, p.Object, pageRenderer{d, id, format})
		f.Ahead = remote.AheadFinish
		return f
	}
	switch n.Ending {
	case ".md":
		return share(&p.State[0], export(fs.KindPage, coda.Markdown))
	case ".html":
		return share(&p.State[1], export(fs.KindPageHTML, coda.HTML))
	case ".page.json":
		return share(&p.State[0], d.NewShownFile(name, n.Dir, p.Of(fs.KindPageJSON),
			func(ctx context.Context) (*load.Shown, time.Time, error) { return d.pageJSON(ctx, id) }))
	default:
		return d.subpages(p, name, n.Dir)
	}
}

// share gives all nodes of a file the state that the first one had.
func share(state **remote.State, f *remote.File) *remote.File {
	if *state == nil {
		*state = f.State
	}
	f.State = *state
	return f
}

// pagesFolder is the folder of the pages at the top.
func (d doc) pagesFolder() *remote.Folder {
	return d.pageFolder("pages", "pages", d.folderObject("pages"), func(l *pageList) *pagetree.Page { return l.Root })
}

// subpages is the folder of a page's subpages. The page may move while somebody holds the folder, so each call looks it
// up.
func (d doc) subpages(p *pagetree.Page, name, rel string) *remote.Folder {
	id := p.ID
	return d.pageFolder(name, rel+name, p.Object, func(l *pageList) *pagetree.Page { return l.Page(id) })
}

// pageFolder is a folder of the children of a page, which is found in the current list at each call.
func (d doc) pageFolder(name, rel string, obj *fs.Object, of func(*pageList) *pagetree.Page) *remote.Folder {
	current := func(ctx context.Context) (*pageList, *pagetree.Page, error) {
		l, err := d.s.pageList(ctx, d.Current())
		if err != nil {
			return nil, nil, err
		}
		p := of(l)
		if p == nil || p != l.Root && len(p.Children) == 0 {
			return nil, nil, iofs.ErrNotExist
		}
		return l, p, nil
	}
	f := d.NewFolder(name, rel, obj, func(ctx context.Context) (*remote.Entries, error) {
		l, p, err := current(ctx)
		if err != nil {
			return nil, err
		}
		return l.entries(d, p), nil
	})
	f.Find = func(ctx context.Context, name string) (fs.Node, error) {
		l, p, err := current(ctx)
		if err != nil {
			return nil, err
		}
		var n fs.Node
		if !l.Entry(p, name, func(is pagetree.Name) { n = d.pageNode(is) }) {
			return nil, iofs.ErrNotExist
		}
		return n, nil
	}
	return f
}

// pageJSON returns the content of a page's own file, for pages that cannot be exported.
func (d doc) pageJSON(ctx context.Context, id string) (*load.Shown, time.Time, error) {
	l := d.Current()
	pages, err := d.s.pageList(ctx, l)
	if err != nil {
		return nil, time.Time{}, err
	}
	p, raw := pages.Page(id), pages.Unexported[id]
	if p == nil || raw == nil {
		return nil, time.Time{}, iofs.ErrNotExist
	}
	var b bytes.Buffer
	err = render.JSON(&b, raw)
	return load.NewShown(b.Bytes()), orOwn(l, p.UpdatedAt), err
}
