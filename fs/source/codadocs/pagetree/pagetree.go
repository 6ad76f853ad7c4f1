// Package pagetree has a doc's pages as a tree: which page is below which, and what their files are called. A workspace may have a
// million pages, so it holds little of each.
package pagetree

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"sync"
	"unsafe"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
)

// Tree is the pages of a doc. But for the names, which are made when their folder is first used, it never changes. It may be used by
// many goroutines.
type Tree struct {
	// Root is not a page itself: its children are at the top.
	Root *Page
	// Unexported has the JSON of the pages that have no export, by id: it is all that they show.
	Unexported map[string]json.RawMessage

	byID  map[string]*Page
	names fs.NameMode
	html  func() bool // each page also has a file with its HTML

	mu sync.Mutex // guards stem and State of each page
}

// Page is a page in its place in the tree.
type Page struct {
	// Object describes the page, apart from its place: a node that the kernel knows holds it, and should not hold all pages.
	*fs.Object
	Children []*Page
	// State is that of the page's first file, and of its HTML. [Tree.Folder] and [Tree.Entry] guard it.
	State  [2]*remote.State
	parent *Page
	stem   string // of its names; "" until the folder that it is in was first used
}

// New arranges pages. Their ids are valid, and differ. A page whose parent is missing, or that is its own ancestor, is put at the top: a
// broken link loses nothing. html says whether pages have a file with their HTML now; it must not use the tree.
func New(docID string, pages []coda.Page, names fs.NameMode, html func() bool) *Tree {
	t := &Tree{Root: &Page{Object: &fs.Object{}}, Unexported: map[string]json.RawMessage{}, byID: make(map[string]*Page, len(pages)), names: names, html: html}
	all, people := make([]Page, len(pages)), map[string]string{}
	above := make(map[*Page]string, len(pages)) // the id that a page names as its parent
	for i, m := range pages {
		all[i].Object = newObject(docID, m, people)
		t.byID[m.ID] = &all[i]
		if m.Parent != nil {
			above[&all[i]] = m.Parent.ID
		}
		if cmp.Or(m.ContentType, coda.ContentCanvas) != coda.ContentCanvas { // those without a type are older than the types
			t.Unexported[m.ID] = bytes.Clone(m.Raw)
		}
	}
	t.arrange(all, func(p *Page) *Page { return t.byID[above[p]] })
	t.lift()
	return t
}

// newObject takes what is shown of a page. Most pages of a doc were last edited by few people.
func newObject(docID string, m coda.Page, people map[string]string) *fs.Object {
	by := cmp.Or(m.UpdatedBy.Email, m.UpdatedBy.Name)
	if known, ok := people[by]; ok {
		by = known
	}
	people[by] = by
	return &fs.Object{Kind: fs.KindPage, Type: "page", DocID: docID, ID: m.ID, Title: m.Name, URL: m.BrowserLink,
		CreatedAt: m.CreatedAt.Time, UpdatedAt: m.UpdatedAt.Time, UpdatedBy: by}
}

// Of describes the page as one of its files.
func (p *Page) Of(kind fs.Kind) fs.Object {
	o := *p.Object
	o.Kind = kind
	return o
}

// Page returns the page with an id, nil if there is none.
func (t *Tree) Page(id string) *Page { return t.byID[id] }

// Exportable returns, in order, the ids of the pages that the service can export.
func (t *Tree) Exportable() []string {
	var ids []string
	for id := range t.byID {
		if t.Unexported[id] == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Size is about how many bytes the tree takes in memory: a page's own, its place in the map and among its siblings, its texts,
// and its stem, which has two of these.
func (t *Tree) Size() (n int) {
	const perPage = int(unsafe.Sizeof(Page{})+unsafe.Sizeof(fs.Object{})) + 64
	for _, p := range t.byID {
		n += perPage + 2*len(p.ID) + 2*len(p.Title) + len(p.URL)
	}
	for _, raw := range t.Unexported {
		n += len(raw)
	}
	return n
}

// arrange puts the pages below their parents.
func (t *Tree) arrange(all []Page, above func(*Page) *Page) {
	circle := circles(all, above)
	for i := range all {
		p := &all[i]
		p.parent = above(p)
		if p.parent == nil || circle[p] {
			p.parent = t.Root
		}
		p.parent.Children = append(p.parent.Children, p)
	}
}

// circles finds the pages that are their own ancestors. It visits each page once.
func circles(all []Page, above func(*Page) *Page) map[*Page]bool {
	circle := map[*Page]bool{}
	seenFrom := make(map[*Page]*Page, len(all))
	for i := range all {
		start := &all[i]
		p := start
		for p != nil && seenFrom[p] == nil {
			seenFrom[p] = start
			p = above(p)
		}
		if p == nil || seenFrom[p] != start {
			continue
		}
		for ; !circle[p]; p = above(p) {
			circle[p] = true
		}
	}
	return circle
}

// maxPath is the longest path below pages/, in bytes. Systems allow 4,096 for a whole path.
const maxPath = 3000

// lift moves pages whose path would be too long to the top, with all pages below them.
func (t *Tree) lift() {
	type place struct {
		p      *Page
		length int // of its folder's path
	}
	var todo []place
	for _, c := range t.Root.Children {
		todo = append(todo, place{c, c.nameLength()})
	}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		at.p.Children = slices.DeleteFunc(at.p.Children, func(c *Page) bool {
			length := at.length + c.nameLength()
			high := length > maxPath
			if high {
				c.parent, length = t.Root, c.nameLength()
				t.Root.Children = append(t.Root.Children, c)
			}
			todo = append(todo, place{c, length})
			return high
		})
	}
}

// nameLength is the most that the name of p adds to a path.
func (p *Page) nameLength() int {
	return len(fs.CleanTitle(p.Title, fs.MaxTitle)) + len("__"+p.ID+"/") + fs.MaxEnding
}
