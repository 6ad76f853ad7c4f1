package codasend

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/edit/outbox"
	"github.com/codafs/codafs/fs/source/codadocs/codaedit"
)

// Read implements [outbox.Service]. What people and rows of other tables are called is looked up when a cell names one.
func (s *Service) Read(ctx context.Context, o outbox.Object, latest bool) (table edit.Table, rows []edit.Row, err error) {
	client := s.Reads
	if latest {
		client = s.Latest
	}
	var columns []coda.Column
	for c, err := range client.Columns(ctx, o.Doc, o.ID) {
		if err != nil {
			return table, nil, stale(err)
		}
		columns = append(columns, c)
	}
	s.texts = nil
	for _, c := range columns {
		if c.Format.Type == "text" {
			s.texts = append(s.texts, c.ID)
		}
	}
	for r, err := range codaedit.Rows(columns, client.Rows(ctx, o.Doc, o.ID, coda.RowOptions{})) {
		if err != nil {
			return table, nil, stale(err)
		}
		rows = append(rows, r)
	}
	known := &names{ctx: ctx, client: s.Reads, doc: o.Doc, rows: map[string][]codaedit.Name{}}
	table = codaedit.Table(columns, known.resolve, s.NewOptions)
	known.people = func(c coda.Column) []string { return people(table, c, rows) }
	return table, rows, nil
}

func stale(err error) error {
	if rest.CodeOf(err) == coda.CodeStaleDoc {
		return fmt.Errorf("%w: %w", outbox.ErrStale, err)
	}
	return err
}

// people are the names in a column of people.
func people(table edit.Table, c coda.Column, rows []edit.Row) (names []string) {
	at := slices.IndexFunc(table.Columns, func(t edit.Column) bool { return t.ID == c.ID })
	for _, r := range rows {
		var list []string
		if text := r.Cells[at]; !strings.HasPrefix(text, "[") || json.Unmarshal([]byte(text), &list) != nil {
			list = []string{text}
		}
		names = append(names, list...)
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// names looks up what cells name. A table is listed once, when it is first needed.
type names struct {
	ctx    context.Context // of the Read
	client *coda.Client
	doc    string
	people func(coda.Column) []string
	rows   map[string][]codaedit.Name // by table
}

func (n *names) resolve(c coda.Column, text string) (json.RawMessage, error) {
	if c.Format.Type == "person" {
		return codaedit.Person(n.people(c), text)
	}
	if c.Format.Table == nil {
		return nil, fmt.Errorf("which table the column shows is not known, so %q cannot be looked up", text)
	}
	id := c.Format.Table.ID
	if _, known := n.rows[id]; !known {
		rows := []codaedit.Name{}
		for r, err := range n.client.Rows(n.ctx, n.doc, id, coda.RowOptions{}) {
			if err != nil {
				return nil, fmt.Errorf("the rows of the other table cannot be read: %w", err)
			}
			rows = append(rows, codaedit.Name{ID: r.ID, Name: r.Name})
		}
		n.rows[id] = rows
	}
	return codaedit.Relation(n.rows[id], text)
}
