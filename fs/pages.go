package fs

import (
	"bytes"
	"cmp"
	"context"
	"io"
	iofs "io/fs"
	"time"

	"github.com/codafs/codafs/coda"
)

// page is a page in its place in the tree.
type page struct {
	meta     coda.Page
	children []*page
	folder   *entries // of the children; nil where there are none
}

// newPageList arranges a doc's pages as a tree. Pages whose parent is missing, or that are
// their own ancestor, stand at the top: nothing is lost for a broken link.
func newPageList(d *doc, metas []coda.Page) *pageList {
	l := &pageList{byID: map[string]*page{}}
	var order []*page
	for _, m := range metas {
		switch {
		case !validID(m.ID):
			l.gaps = append(l.gaps, badID(d.id, m.ID, KindPage))
		case l.byID[m.ID] != nil || d.t.opts.Select.SkipHiddenPages && m.IsEffectivelyHidden:
		default:
			p := &page{meta: m}
			l.byID[m.ID] = p
			order = append(order, p)
		}
	}
	for _, p := range order {
		if parent := l.parent(p); parent != nil && !l.inCircle(p) {
			parent.children = append(parent.children, p)
		} else {
			l.top = append(l.top, p)
		}
	}
	return l
}

func (l *pageList) parent(p *page) *page {
	if p.meta.Parent == nil {
		return nil
	}
	return l.byID[p.meta.Parent.ID]
}

// inCircle tells whether p is its own ancestor.
func (l *pageList) inCircle(p *page) bool {
	seen := map[*page]bool{}
	for a := l.parent(p); a != nil && !seen[a]; a = l.parent(a) {
		if a == p {
			return true
		}
		seen[a] = true
	}
	return false
}

// exportable tells whether the service can export a page. Those that came without a type are
// from before there were types.
func (p *page) exportable() bool {
	return cmp.Or(p.meta.ContentType, coda.ContentCanvas) == coda.ContentCanvas
}

// endings are those of the names that a page has in its folder.
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

// pageEntries are the nodes for pages that stand in one folder; rel is its path below the doc's.
func (d *doc) pageEntries(pages []*page, rel string) *entries {
	objs := make([]named, len(pages))
	for i, p := range pages {
		objs[i] = nameObject(p.meta.Name, p.meta.ID, p.endings(d.t.opts.Select)...)
	}
	var nodes []Node
	for i, stem := range uniqueStems(d.t.opts.Select.Names, objs) {
		nodes = append(nodes, d.pageNodes(pages[i], rel, stem)...)
	}
	return newEntries(nodes...)
}

func (d *doc) pageNodes(p *page, rel, stem string) (nodes []Node) {
	for _, ending := range p.endings(d.t.opts.Select) {
		name := stem + ending
		switch ending {
		case ".md":
			nodes = append(nodes, d.pageFile(p, name, rel, KindPage, coda.Markdown))
		case ".html":
			nodes = append(nodes, d.pageFile(p, name, rel, KindPageHTML, coda.HTML))
		case ".page.json":
			id := p.meta.ID
			nodes = append(nodes, newJSON(d, name, rel, p.object(d.id, KindPageJSON),
				func(ctx context.Context) ([]byte, time.Time, error) { return d.pageJSON(ctx, id) }))
		case "":
			nodes = append(nodes, d.subpages(p, name, rel))
		}
	}
	return nodes
}

func (p *page) object(docID string, kind Kind) Object {
	m := p.meta
	return Object{Kind: kind, Type: "page", DocID: docID, ID: m.ID, Title: m.Name, URL: m.BrowserLink,
		CreatedAt: m.CreatedAt.Time, UpdatedAt: m.UpdatedAt.Time, UpdatedBy: cmp.Or(m.UpdatedBy.Email, m.UpdatedBy.Name)}
}

// pagesFolder holds the pages at the top.
func (d *doc) pagesFolder() *folder {
	return &folder{
		t: d.t, name: "pages", obj: d.object(KindFolder, "pages"),
		path:    func() string { return d.path() + "/pages" },
		modTime: d.modTime,
		list: func(ctx context.Context) (*entries, error) {
			l, err := d.current().pageList(ctx)
			if err != nil {
				return nil, err
			}
			return l.folder(d, nil, "pages/"), nil
		},
		gaps: func(ctx context.Context) []Failure {
			l, err := d.current().pageList(ctx)
			if err != nil {
				return nil
			}
			return l.gaps
		},
	}
}

// subpages is the folder of a page's subpages.
func (d *doc) subpages(p *page, name, rel string) *folder {
	id := p.meta.ID
	return &folder{
		t: d.t, name: name, obj: p.object(d.id, KindFolder),
		path:    func() string { return d.path() + "/" + rel + name },
		modTime: d.modTime,
		list: func(ctx context.Context) (*entries, error) {
			l, err := d.current().pageList(ctx)
			if err != nil {
				return nil, err
			}
			now := l.byID[id]
			if now == nil || len(now.children) == 0 {
				return nil, iofs.ErrNotExist
			}
			return l.folder(d, now, rel+name+"/"), nil
		},
	}
}

// folder gives the entries below p, or at the top where p is nil. They are made once.
func (l *pageList) folder(d *doc, p *page, rel string) *entries {
	l.mu.Lock()
	defer l.mu.Unlock()
	held, pages := &l.folderTop, l.top
	if p != nil {
		held, pages = &p.folder, p.children
	}
	if *held == nil {
		*held = d.pageEntries(pages, rel)
	}
	return *held
}

func (d *doc) pageJSON(ctx context.Context, id string) ([]byte, time.Time, error) {
	l, err := d.current().pageList(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	p := l.byID[id]
	if p == nil {
		return nil, time.Time{}, iofs.ErrNotExist
	}
	var b bytes.Buffer
	err = writeJSON(&b, p.meta.Raw)
	return b.Bytes(), d.pageStamp(p), err
}

// pageStamp is when a page last changed, as far as is known: pages may come without a stamp.
func (d *doc) pageStamp(p *page) time.Time {
	if at := p.meta.UpdatedAt.Time; !at.IsZero() {
		return at
	}
	return d.modTime()
}

// pageMaker makes a page's text by an export.
type pageMaker struct {
	d      *doc
	id     string
	format coda.Format
}

func (d *doc) pageFile(p *page, name, rel string, kind Kind, format coda.Format) *file {
	return &file{d: d, name: name, rel: rel + name, obj: p.object(d.id, kind), make: pageMaker{d, p.meta.ID, format}}
}

// version is over the page and the tables that it shows: the service moves a table's stamp
// when a row changes, and not that of the page, whose export has the rows in it.
func (m pageMaker) version(ctx context.Context) (Version, error) {
	l := m.d.current()
	pages, err := l.pageList(ctx)
	if err != nil {
		return Version{}, err
	}
	p := pages.byID[m.id]
	if p == nil {
		return Version{}, iofs.ErrNotExist
	}
	v := newVersionHash("export " + string(m.format))
	v.add(m.id, m.d.pageStamp(p))
	tables, err := l.tableList(ctx)
	if refused(err) {
		return v.version(m.d.t.opts.Now()), nil
	}
	if err != nil {
		return Version{}, err
	}
	for _, id := range tables.onPage[m.id] {
		if err := l.addStamps(ctx, v, id); err != nil {
			return Version{}, err
		}
	}
	return v.version(m.d.t.opts.Now()), nil
}

func (m pageMaker) make(ctx context.Context, _ Version, w io.Writer) error {
	b, err := m.d.t.src.ExportPage(ctx, m.d.id, m.id, m.format)
	if err != nil {
		return err
	}
	return writeAll(w, b)
}
