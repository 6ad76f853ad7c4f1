package sights

import (
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/blob"
)

// OnPage is what a page's HTML export shows.
func OnPage(pageID string, export []byte, hosts blob.Hosts) (p Place) {
	p.Add(blob.Use{PageID: pageID}, blob.InPage(export, hosts))
	return p
}

// AddCovers adds the covers of pages, which are in the list of pages. shown says which of these a tree has, and their stamps.
func (l *List) AddCovers(pages []byte, shown func(coda.Page) (time.Time, bool), hosts blob.Hosts) error {
	all, err := coda.DecodeList[coda.Page](pages)
	for _, page := range all {
		if stamp, ok := shown(page); ok {
			var p Place
			p.Add(blob.Use{PageID: page.ID}, blob.InCover(page.Raw, hosts))
			l.Add(p, stamp)
		}
	}
	return err
}

// may reports whether a table of these columns may show something: the rows of others need not be read.
func may(columns []coda.Column) bool {
	return slices.ContainsFunc(columns, func(c coda.Column) bool { return blob.ColumnMay(c.Format.Type) })
}

// InRows is what the rows of a base table show, which were read as [coda.Rich]: in all cells, since these need not be what their columns
// are for. An error of rows is returned as it is.
func InRows(tableID string, rows iter.Seq2[coda.Row, error], hosts blob.Hosts) (p Place, err error) {
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		for _, id := range slices.Sorted(maps.Keys(r.Values)) {
			p.Add(blob.Use{TableID: tableID, RowID: r.ID, ColumnID: id}, blob.InCell(r.Values[id], hosts))
		}
	}
	return p, nil
}
