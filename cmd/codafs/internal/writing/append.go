package writing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/target"
	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/edit/outbox"
	"github.com/codafs/codafs/fs/render"
	"github.com/codafs/codafs/fs/source/codadocs/codasend"
	"github.com/codafs/codafs/fs/source/codadocs/codatext"
)

// Append makes the plan of new rows for a table. The data is CSV with a header, or lines of JSON objects. Columns that the
// tree adds to each table are left out: a line that was copied is a new row. With a key, a header, rows that have the same
// value there are updated instead (Coda looks for them).
func (d *Desk) Append(ctx context.Context, o target.Object, data []byte, key string) (*outbox.Plan, error) {
	p := &outbox.Plan{Schema: outbox.Schema, ID: outbox.NewID(), Made: time.Now().UTC(), Wish: data,
		Object: outbox.Object{Doc: o.DocID, ID: o.ID, Kind: string(o.Kind), Title: o.Title}}
	if o.IsView() {
		reject(p, edit.Problem{Message: "this is a view: rows are added to its table"})
		return p, nil
	}
	sheet, err := newRows(data)
	if err != nil {
		reject(p, problemOf(err))
		return p, nil
	}
	table, rows, err := d.Service.Read(ctx, p.Object, false)
	if err != nil {
		return nil, err
	}
	changes, err := edit.Diff(table, sheet, each(nil), edit.Options{})
	if err != nil {
		return nil, err
	}
	p.Changes = *changes
	if key != "" {
		if err := byKey(p, table, rows, key); err != nil {
			return nil, err
		}
	}
	for _, e := range p.Edits {
		if size, tooLarge := codasend.TooLarge(e); tooLarge {
			reject(p, edit.Problem{Line: e.Line, Message: fmt.Sprintf("it has %d KB, and Coda takes 80 KB at most", size>>10)})
		}
	}
	return p, nil
}

// newRows reads rows without ids.
func newRows(data []byte) (sheet *render.Sheet, err error) {
	if bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(data, []byte(render.ByteOrderMark)), " \t\r\n"), []byte("{")) {
		sheet, err = jsonRows(data)
	} else {
		sheet, err = render.ParseSheet(data)
	}
	if err != nil {
		return nil, err
	}
	out := &render.Sheet{Header: []string{codatext.OwnColumns[0]}}
	var places []int
	for i, name := range sheet.Header {
		if !slices.Contains(codatext.OwnColumns, name) {
			out.Header, places = append(out.Header, name), append(places, i)
		}
	}
	for _, r := range sheet.Rows {
		cells := []string{""}
		for _, i := range places {
			cells = append(cells, r.Cells[i])
		}
		out.Rows = append(out.Rows, render.SheetRow{Line: r.Line, Cells: cells})
	}
	return out, nil
}

// jsonRows reads JSON objects, whose keys are headers.
func jsonRows(data []byte) (*render.Sheet, error) {
	s := &render.Sheet{}
	at := map[string]int{}
	var rows []map[string]json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte(render.ByteOrderMark))))
	for line := 1; ; line++ {
		var row map[string]json.RawMessage
		err := dec.Decode(&row)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, &render.SheetError{Line: line, Reason: "this is not a JSON object, as {\"Task\":\"Write\"}"}
		}
		rows = append(rows, row)
		names := make([]string, 0, len(row))
		for name := range row {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if _, known := at[name]; !known {
				at[name] = len(s.Header)
				s.Header = append(s.Header, name)
			}
		}
	}
	for i, row := range rows {
		cells := make([]string, len(s.Header))
		for name, raw := range row {
			text, err := render.Cell(raw)
			if err != nil {
				return nil, &render.SheetError{Line: i + 1, Reason: err.Error()}
			}
			cells[at[name]] = text
		}
		s.Rows = append(s.Rows, render.SheetRow{Line: i + 1, Cells: cells})
	}
	return s, nil
}

// byKey makes upserts of inserts. A key that several rows have would change all of them, and one that the data has twice would
// be decided by chance; both are rejected.
func byKey(p *outbox.Plan, table edit.Table, rows []edit.Row, key string) error {
	at := slices.IndexFunc(table.Columns, func(c edit.Column) bool { return c.Header == key && c.ID != "" })
	if at < 0 {
		return exit.Usagef("--key: the table has no column %q", key)
	}
	count := map[string]int{}
	for _, r := range rows {
		count[r.Cells[at]]++
	}
	sent := map[string]bool{}
	for i := range p.Edits {
		e := &p.Edits[i]
		n := slices.IndexFunc(e.Cells, func(c edit.Cell) bool { return c.Column == table.Columns[at].ID })
		if n < 0 {
			reject(p, edit.Problem{Line: e.Line, Header: key, Message: "the key is empty"})
			continue
		}
		value := e.Cells[n].Wish
		switch {
		case count[value] > 1:
			reject(p, edit.Problem{Line: e.Line, Header: key, Message: fmt.Sprintf("%d rows of the table have %q, and all of them would be changed", count[value], value)})
		case sent[value]:
			reject(p, edit.Problem{Line: e.Line, Header: key, Message: fmt.Sprintf("%q is there twice", value)})
		}
		sent[value] = true
		e.Op, e.Keys = edit.Upsert, []string{table.Columns[at].ID}
	}
	return nil
}
