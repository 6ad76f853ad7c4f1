package pagetree

import (
	"slices"
	"strings"

	"github.com/codafs/codafs/fs"
)

// Name is a name in a folder: that of a page for one ending, "" for the folder of its subpages.
type Name struct {
	Page      *Page
	Dir, Stem string // Dir is the path of the folder below the doc's, with a slash at the end
	Ending    string
}

// Folder calls use for each name in the folder of p's children, in their order, with the tree locked.
func (t *Tree) Folder(p *Page, use func(Name)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.name(p)
	dir := t.dir(p)
	for _, c := range p.Children {
		for _, ending := range t.endings(c) {
			use(Name{c, dir, c.stem, ending})
		}
	}
}

// Entry calls use for one name in the folder of p's children, with the tree locked, and reports whether it is there.
func (t *Tree) Entry(p *Page, name string, use func(Name)) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.name(p)
	has := func(c *Page) bool {
		ending, ok := strings.CutPrefix(name, c.stem)
		return ok && slices.Contains(t.endings(c), ending)
	}
	c := t.guess(name)
	if c == nil || c.parent != p || !has(c) {
		i := slices.IndexFunc(p.Children, has)
		if i < 0 {
			return false
		}
		c = p.Children[i]
	}
	use(Name{c, t.dir(p), c.stem, name[len(c.stem):]})
	return true
}

// guess returns the page that a name seems to be of: nearly all names have the page's id between __ and the ending.
func (t *Tree) guess(name string) *Page {
	i := strings.LastIndex(name, "__")
	if i < 0 {
		return nil
	}
	id, _, _ := strings.Cut(name[i+len("__"):], ".")
	return t.byID[id]
}

// name gives p's children their stems. t.mu is held.
func (t *Tree) name(p *Page) {
	if len(p.Children) == 0 || p.Children[0].stem != "" {
		return
	}
	named := make([]fs.Named, len(p.Children))
	for i, c := range p.Children {
		named[i] = fs.NameOf(c.Title, c.ID, t.endings(c)...)
	}
	for i, stem := range fs.UniqueStems(t.names, named) {
		p.Children[i].stem = stem
	}
}

// dir is the path of the folder of p's children below the doc's, with a slash at the end. t.mu is held.
func (t *Tree) dir(p *Page) string {
	if p == t.Root {
		return "pages/"
	}
	t.name(p.parent)
	return t.dir(p.parent) + p.stem + "/"
}

// endings returns the endings of the names that a page has in its folder.
func (t *Tree) endings(p *Page) []string {
	var e []string
	switch {
	case t.Unexported[p.ID] != nil:
		e = append(e, ".page.json")
	case t.html():
		e = append(e, ".md", ".html")
	default:
		e = append(e, ".md")
	}
	if len(p.Children) > 0 {
		e = append(e, "")
	}
	return e
}
