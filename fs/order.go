package fs

import (
	"slices"
	"strings"

	"github.com/codafs/codafs/coda"
)

// order is an order in which a program may go through a doc's files of one kind.
type order struct {
	files []*file
	at    map[string]int // the place of each in files, by its object's id
}

// near reports whether a program that opened one file may well have come to the other in this order.
// One file in between may be left out: the program has it open elsewhere, or passes over it.
func (o *order) near(from, to string) bool {
	i, ok := o.at[from]
	if !ok {
		return false
	}
	j, ok := o.at[to]
	return ok && i < j && j <= i+2
}

// orders gives those orders that programs are known to have: that of the listing and that of the
// names' bytes, each with a folder's own files before those further down or mixed with them; and that of
// the listing from its end, which programs have that put on a stack what they find (ripgrep, fd). It
// sends nothing: what was not listed yet has no order.
func (l *listing) orders(kind Kind) (all []*order) {
	top, below := l.nodes(kind)
	for _, by := range []flattening{{}, {byName: true}, {filesFirst: true}, {byName: true, filesFirst: true}, {fromEnd: true}} {
		by.kind, by.below = kind, below
		by.add(top)
		if by.fromEnd {
			slices.Reverse(by.files)
		}
		same := func(o *order) bool { return slices.Equal(o.files, by.files) }
		if len(by.files) > 0 && !slices.ContainsFunc(all, same) {
			all = append(all, newOrder(by.files))
		}
	}
	return all
}

func newOrder(files []*file) *order {
	o := &order{files, make(map[string]int, len(files))}
	for i, f := range files {
		o.at[f.obj.ID] = i
	}
	return o
}

// nodes gives the entries of the folder that has the files of a kind, and how to go further down.
func (l *listing) nodes(kind Kind) (top []Node, below func(*folder) []Node) {
	switch kind {
	case KindPage, KindPageHTML:
		if pages, ok := l.pages.known(); ok {
			return pages.entries(l.d, pages.root).nodes, func(f *folder) []Node {
				return pages.entries(l.d, pages.byID[f.obj.ID]).nodes
			}
		}
	case KindRows, KindRowsJSON:
		if tables, ok := l.tables.known(); ok {
			in := map[string]func(coda.Table) bool{"table": isBase, "view": isView}
			return []Node{l.d.tableKind("table", isBase), l.d.tableKind("view", isView)}, func(f *folder) []Node {
				return tables.entries(l.d, f.name, in[f.name]).nodes
			}
		}
	}
	return nil, nil
}

// flattening gathers the files of one kind in a folder and further down.
type flattening struct {
	kind               Kind
	below              func(*folder) []Node
	byName, filesFirst bool
	fromEnd            bool
	files              []*file
}

func (fl *flattening) add(nodes []Node) {
	if fl.byName {
		nodes = slices.SortedFunc(slices.Values(nodes), func(a, b Node) int { return strings.Compare(a.Name(), b.Name()) })
	}
	var later []*folder
	for _, n := range nodes {
		switch n := n.(type) {
		case *file:
			if n.obj.Kind == fl.kind {
				fl.files = append(fl.files, n)
			}
		case *folder:
			if fl.filesFirst {
				later = append(later, n)
			} else {
				fl.add(fl.below(n))
			}
		}
	}
	for _, n := range later {
		fl.add(fl.below(n))
	}
}
