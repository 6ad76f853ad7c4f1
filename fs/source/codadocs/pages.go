package codadocs

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	iofs "io/fs"
	"slices"
	"sync"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/render"
)

// pageList is a doc's pages as a tree. But for the folders, which are made when they are first used, it never changes; a new list
// takes its place.
type pageList struct {
	json *remote.Shown
	root *page // not a page itself: its children are at the top
	byID map[string]*page
	gaps []fs.Failure
	// excluded has the selectors that left pages out.
	excluded []string

	mu sync.Mutex // guards folder and rel of each page
}

// page is a page in its place in the tree.
type page struct {
	meta     coda.Page
	parent   *page
	children []*page
	rel      string          // its folder's path below the doc's, with a slash at the end
	folder   *remote.Entries // of the children; nil until first used
}

// pageLists says how a doc's pages are listed. The service counts them, so a list that is suddenly empty is read again.
func (s *docs) pageLists() remote.List[*pageList] {
	return remote.List[*pageList]{
		Kind: fs.KindPages, Path: "pages.json",
		Fill: func(ctx context.Context, l *remote.Lists, _ string, w io.Writer, t *remote.Try) error {
			all := remote.Once(t, s.api.Pages(ctx, l.Unit.ID), func(p coda.Page) string { return p.ID })
			return render.List(w, all, func(p coda.Page) json.RawMessage { return p.Raw })
		},
		Parse: func(_ context.Context, l *remote.Lists, _ string, b []byte) (*pageList, error) {
			pages, err := coda.DecodeList[coda.Page](b)
			if err != nil {
				return nil, err
			}
			return newPageList(doc{l.Unit, s}, b, pages), nil
		},
		Count: func(l *remote.Lists) int { return docOf(l.Item).DocSize.PageCount },
	}
}

// pageList returns the doc's pages. As all lists, they may be older ones: see [remote.List].
func (s *docs) pageList(ctx context.Context, l *remote.Lists) (*pageList, error) {
	return get(ctx, &s.pages, l, "")
}

// newPageList arranges a doc's pages. A page whose parent is missing, or that is its own ancestor, is put at the top: a
// broken link loses nothing.
func newPageList(d doc, b []byte, metas []coda.Page) *pageList {
	l := &pageList{json: remote.NewShown(b), root: &page{rel: "pages/"}, byID: map[string]*page{}}
	var order []*page
	out, used := d.s.sel.Excluded(d.ID, metas)
	l.excluded = used
	for _, m := range metas {
		switch {
		case out[m.ID], d.s.sel.SkipHiddenPages && m.IsEffectivelyHidden:
		case !fs.ValidID(m.ID):
			l.gaps = append(l.gaps, remote.BadID(d.ID, m.ID, m.Name, fs.KindPage))
		case l.byID[m.ID] != nil: // a list that changes while it is read may name an item twice
		default:
			p := &page{meta: m}
			l.byID[m.ID] = p
			order = append(order, p)
		}
	}
	d.s.t.NoteGaps(l.gaps)
	circle := l.circles(order)
	for _, p := range order {
		p.parent = l.above(p)
		if p.parent == nil || circle[p] {
			p.parent = l.root
		}
		p.parent.children = append(p.parent.children, p)
	}
	l.lift()
	return l
}

// maxPagePath is the longest path below pages/, in bytes. Systems allow 4,096 for a whole path.
const maxPagePath = 3000

// lift moves pages whose path would be too long to the top, with all pages below them.
func (l *pageList) lift() {
	type place struct {
		p      *page
		length int // of its folder's path
	}
	var todo []place
	for _, c := range l.root.children {
		todo = append(todo, place{c, c.nameLength()})
	}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		at.p.children = slices.DeleteFunc(at.p.children, func(c *page) bool {
			length := at.length + c.nameLength()
			high := length > maxPagePath
			if high {
				c.parent, length = l.root, c.nameLength()
				l.root.children = append(l.root.children, c)
			}
			todo = append(todo, place{c, length})
			return high
		})
	}
}

// nameLength is the most that the name of p adds to a path.
func (p *page) nameLength() int {
	return len(fs.CleanTitle(p.meta.Name, fs.MaxTitle)) + len("__"+p.meta.ID+"/") + fs.MaxEnding
}

// above returns the page that p names as its parent, nil if there is none.
func (l *pageList) above(p *page) *page {
	if p.meta.Parent == nil {
		return nil
	}
	return l.byID[p.meta.Parent.ID]
}

// circles finds the pages that are their own ancestors. It visits each page once.
func (l *pageList) circles(pages []*page) map[*page]bool {
	circle := map[*page]bool{}
	seenFrom := make(map[*page]*page, len(pages))
	for _, start := range pages {
		p := start
		for p != nil && seenFrom[p] == nil {
			seenFrom[p] = start
			p = l.above(p)
		}
		if p == nil || seenFrom[p] != start {
			continue
		}
		for ; !circle[p]; p = l.above(p) {
			circle[p] = true
		}
	}
	return circle
}

// exportable reports whether the service can export a page. A page without a type is older than the types, and can be
// exported.
func (p *page) exportable() bool {
	return cmp.Or(p.meta.ContentType, coda.ContentCanvas) == coda.ContentCanvas
}

// endings returns the endings of the names that a page has in its folder.
func (p *page) endings(sel Selection) []string {
	var e []string
	switch {
	case !p.exportable():
		e = append(e, ".page.json")
	case sel.HTMLPages:
		e = append(e, ".md", ".html")
	default:
		e = append(e, ".md")
	}
	if len(p.children) > 0 {
		e = append(e, "")
	}
	return e
}

// entries returns the folder of p's children. It is made once, after the folders above it: they set p.rel.
func (l *pageList) entries(d doc, p *page) *remote.Entries {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.makeEntries(d, p)
}

// makeEntries is entries with l.mu held.
func (l *pageList) makeEntries(d doc, p *page) *remote.Entries {
	if p.folder != nil {
		return p.folder
	}
	if p.parent != nil {
		l.makeEntries(d, p.parent)
	}
	objs := make([]fs.Named, len(p.children))
	for i, c := range p.children {
		objs[i] = fs.NameOf(c.meta.Name, c.meta.ID, c.endings(d.s.sel)...)
	}
	var nodes []fs.Node
	for i, stem := range fs.UniqueStems(d.s.sel.Names, objs) {
		c := p.children[i]
		c.rel = p.rel + stem + "/"
		for _, ending := range c.endings(d.s.sel) {
			nodes = append(nodes, d.pageNode(c, p.rel, stem, ending))
		}
	}
	p.folder = remote.NewEntries(nodes...)
	return p.folder
}

// pageNode makes the node of a page for one ending. pageList.mu is held, so it must not list pages.
func (d doc) pageNode(p *page, rel, stem, ending string) fs.Node {
	name, id := stem+ending, p.meta.ID
	export := func(kind fs.Kind, format coda.Format) *remote.File {
		f := d.NewFile(name, rel, p.object(d.ID, kind), pageRenderer{d, id, format})
		f.Ahead = remote.AheadFinish
		return f
	}
	switch ending {
	case ".md":
		return export(fs.KindPage, coda.Markdown)
	case ".html":
		return export(fs.KindPageHTML, coda.HTML)
	case ".page.json":
		return d.NewShownFile(name, rel, p.object(d.ID, fs.KindPageJSON),
			func(ctx context.Context) (*remote.Shown, time.Time, error) { return d.pageJSON(ctx, id) })
	default:
		return d.subpages(p, name, rel)
	}
}

// object describes the page as one of its files.
func (p *page) object(docID string, kind fs.Kind) fs.Object {
	m := p.meta
	return fs.Object{Kind: kind, Type: "page", DocID: docID, ID: m.ID, Title: m.Name, URL: m.BrowserLink,
		CreatedAt: m.CreatedAt.Time, UpdatedAt: m.UpdatedAt.Time, UpdatedBy: cmp.Or(m.UpdatedBy.Email, m.UpdatedBy.Name)}
}

// pagesFolder is the folder of the pages at the top.
func (d doc) pagesFolder() *remote.Folder {
	return d.NewFolder("pages", "pages", d.Object(fs.KindFolder, "pages"), func(ctx context.Context) (*remote.Entries, error) {
		l, err := d.s.pageList(ctx, d.Current())
		if err != nil {
			return nil, err
		}
		return l.entries(d, l.root), nil
	})
}

// subpages is the folder of a page's subpages. The page may move while somebody holds the folder, so each call looks it
// up.
func (d doc) subpages(p *page, name, rel string) *remote.Folder {
	id := p.meta.ID
	return d.NewFolder(name, rel+name, p.object(d.ID, fs.KindFolder), func(ctx context.Context) (*remote.Entries, error) {
		l, err := d.s.pageList(ctx, d.Current())
		if err != nil {
			return nil, err
		}
		now := l.byID[id]
		if now == nil || len(now.children) == 0 {
			return nil, iofs.ErrNotExist
		}
		return l.entries(d, now), nil
	})
}

// pageJSON returns the content of a page's own file, for pages that cannot be exported.
func (d doc) pageJSON(ctx context.Context, id string) (*remote.Shown, time.Time, error) {
	l := d.Current()
	pages, err := d.s.pageList(ctx, l)
	if err != nil {
		return nil, time.Time{}, err
	}
	p := pages.byID[id]
	if p == nil {
		return nil, time.Time{}, iofs.ErrNotExist
	}
	var b bytes.Buffer
	err = render.JSON(&b, p.meta.Raw)
	return remote.NewShown(b.Bytes()), orOwn(l, p.meta.UpdatedAt), err
}
