package fs

import "github.com/codafs/codafs/coda"

// ordered implements source. A list that was not loaded has no order.
func (s *docs) ordered(u *unit, kind Kind) (top []Node, below func(*folder) []Node) {
	d, l := doc{u, s}, u.current()
	switch kind {
	case KindPage, KindPageHTML:
		if pages, ok := s.pages.known(l, ""); ok {
			return pages.entries(d, pages.root).nodes, func(f *folder) []Node {
				return pages.entries(d, pages.byID[f.obj.ID]).nodes
			}
		}
	case KindRows, KindRowsJSON:
		if tables, ok := s.tables.known(l, ""); ok {
			in := map[string]func(coda.Table) bool{"table": isBase, "view": isView}
			return []Node{d.tableKind("table", isBase), d.tableKind("view", isView)}, func(f *folder) []Node {
				return tables.entries(d, f.name, in[f.name]).nodes
			}
		}
	}
	return nil, nil
}
