package remote

import (
	"slices"
	"strings"

	"github.com/codafs/codafs/fs"
)

// walkOrder is an order in which a program may walk a unit's files of one kind.
type walkOrder struct {
	files []*File
	at    map[string]int // index in files, by the object's id
}

// near reports whether a program that goes in this order may open one file just after the other. It may leave out one
// file between them, which it has open elsewhere or skips.
func (o *walkOrder) near(from, to string) bool {
	i, ok := o.at[from]
	if !ok {
		return false
	}
	j, ok := o.at[to]
	return ok && i < j && j <= i+2
}

// orders returns the orders in which programs are known to walk: that of the folders' entries and that of the names'
// bytes, each with a folder's own files before its subfolders or mixed with them; and that of the entries from the last
// one, for programs that use a stack (ripgrep, fd). It sends nothing: a list that was not loaded has no order.
func (u *Unit) orders(kind fs.Kind) (all []*walkOrder) {
	source, ok := u.t.src.(Orderer)
	if !ok {
		return nil
	}
	top, below := source.Ordered(u, kind)
	for _, by := range []flattening{{}, {byName: true}, {filesFirst: true}, {byName: true, filesFirst: true}, {fromEnd: true}} {
		by.kind, by.below = kind, below
		by.add(top)
		if by.fromEnd {
			slices.Reverse(by.files)
		}
		same := func(o *walkOrder) bool { return slices.Equal(o.files, by.files) }
		if len(by.files) > 0 && !slices.ContainsFunc(all, same) {
			all = append(all, newWalkOrder(by.files))
		}
	}
	return all
}

// newWalkOrder numbers the files of an order.
func newWalkOrder(files []*File) *walkOrder {
	o := &walkOrder{files, make(map[string]int, len(files))}
	for i, f := range files {
		o.at[f.obj.ID] = i
	}
	return o
}

// flattening collects the files of one kind in a folder and below it.
type flattening struct {
	kind               fs.Kind
	below              func(*Folder) []fs.Node
	byName, filesFirst bool
	fromEnd            bool
	files              []*File
}

// add adds the files in nodes, and those in the folders among them. With filesFirst, folders come after the files.
func (fl *flattening) add(nodes []fs.Node) {
	if fl.byName {
		nodes = slices.SortedFunc(slices.Values(nodes), func(a, b fs.Node) int { return strings.Compare(a.Name(), b.Name()) })
	}
	var later []*Folder
	for _, n := range nodes {
		switch n := n.(type) {
		case *File:
			if n.obj.Kind == fl.kind {
				fl.files = append(fl.files, n)
			}
		case *Folder:
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
