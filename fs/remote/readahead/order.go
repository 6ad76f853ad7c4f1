package readahead

import (
	"slices"
	"strings"

	"github.com/codafs/codafs/fs"
)

// Order is an order in which a program may walk a unit's files of one kind.
type Order struct {
	files []File
	at    map[string]int // index in files, by the object's id
}

// near reports whether a program that goes in this order may open one file just after the other. It may leave out one
// file between them, which it has open elsewhere or skips.
func (o *Order) near(from, to string) bool {
	i, ok := o.at[from]
	if !ok {
		return false
	}
	j, ok := o.at[to]
	return ok && i < j && j <= i+2
}

// Orders returns the orders in which programs are known to walk, each once. Programs take the entries of a folder as they come,
// or sort them by the bytes of their names; a folder's files come before its subfolders, or mixed with them. Programs that use
// a stack (ripgrep, fd) begin with the last entry. top are the nodes of the folder that has the files of a kind, below
// returns those of a folder below it, and file makes a File of a node.
func Orders(kind fs.Kind, top []fs.Node, below func(fs.Dir) []fs.Node, file func(fs.Node) File) (all []*Order) {
	for _, by := range []flattening{{}, {byName: true}, {filesFirst: true}, {byName: true, filesFirst: true}, {fromEnd: true}} {
		by.kind, by.below, by.file = kind, below, file
		by.add(top)
		if by.fromEnd {
			slices.Reverse(by.files)
		}
		same := func(o *Order) bool { return slices.Equal(o.files, by.files) }
		if len(by.files) > 0 && !slices.ContainsFunc(all, same) {
			all = append(all, newOrder(by.files))
		}
	}
	return all
}

// newOrder numbers the files of an order.
func newOrder(files []File) *Order {
	o := &Order{files, make(map[string]int, len(files))}
	for i, f := range files {
		o.at[f.ID()] = i
	}
	return o
}

// flattening collects the files of one kind in a folder and below it.
type flattening struct {
	kind               fs.Kind
	below              func(fs.Dir) []fs.Node
	file               func(fs.Node) File
	byName, filesFirst bool
	fromEnd            bool
	files              []File
}

// add adds the files in nodes, and those in the folders among them. With filesFirst, folders come after the files.
func (fl *flattening) add(nodes []fs.Node) {
	if fl.byName {
		nodes = slices.SortedFunc(slices.Values(nodes), func(a, b fs.Node) int { return strings.Compare(a.Name(), b.Name()) })
	}
	var later []fs.Dir
	for _, n := range nodes {
		switch dir, ok := n.(fs.Dir); {
		case !ok:
			if f := fl.file(n); f.Kind() == fl.kind {
				fl.files = append(fl.files, f)
			}
		case fl.filesFirst:
			later = append(later, dir)
		default:
			fl.add(fl.below(dir))
		}
	}
	for _, n := range later {
		fl.add(fl.below(n))
	}
}
