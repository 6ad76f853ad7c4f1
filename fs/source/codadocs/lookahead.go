package codadocs

import (
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
)

import "github.com/codafs/codafs/coda"

// Ordered implements [remote.Orderer]. A list that was not loaded has no order.
func (s *docs) Ordered(u *remote.Unit, kind fs.Kind) (top []fs.Node, below func(fs.Dir) []fs.Node) {
	d, l := doc{u, s}, u.Current()
	switch kind {
	case fs.KindPage, fs.KindPageHTML:
		if pages, ok := s.pages.Known(l, ""); ok {
			return pages.entries(d, pages.root).Nodes, func(f fs.Dir) []fs.Node {
				return pages.entries(d, pages.byID[f.Object().ID]).Nodes
			}
		}
	case fs.KindRows, fs.KindRowsJSON:
		if tables, ok := s.tables.Known(l, ""); ok {
			in := map[string]func(coda.Table) bool{"table": isBase, "view": isView}
			return []fs.Node{d.tableKind("table", isBase), d.tableKind("view", isView)}, func(f fs.Dir) []fs.Node {
				return tables.entries(d, f.Name(), in[f.Name()]).Nodes
			}
		}
	}
	return nil, nil
}
