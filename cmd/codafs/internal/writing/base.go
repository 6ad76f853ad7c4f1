package writing

import (
	"encoding/json"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/target"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/edit/outbox"
	"github.com/codafs/codafs/fs/render"
	"github.com/codafs/codafs/fs/source/codadocs/codatext"
)

// version is a table as somebody saw it: the base of a file.
type version struct {
	// headers gives the ids of columns by their headers in that version. It is nil if the version has none beside it.
	headers map[string]string
	rows    map[string]edit.Row
	order   []edit.Seen // nil if the version is not known as a whole
}

// row gives a row as it was under a stamp; without a stamp, as the version has it.
func (v *version) row(key, stamp string) ([]string, bool) {
	r, ok := v.rows[key]
	if !ok || stamp != "" && !edit.SameStamp(r.Stamp, stamp) {
		return nil, false
	}
	return r.Cells, true
}

// base reads the version that --base names, and the columns that lie beside the file.
func (d *Desk) base(p *outbox.Plan, table edit.Table) (*version, error) {
	v := &version{headers: columnsBeside(p.File)}
	if d.Flags.Base == "" {
		return v, nil
	}
	file, err := csvIn(d.Flags.Base, p.Object.ID)
	if err != nil {
		return nil, exit.Usagef("--base: %w", err)
	}
	if v.headers == nil {
		v.headers = columnsBeside(file)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, exit.Usagef("--base: %w", err)
	}
	sheet, err := render.ParseSheet(data)
	if err != nil {
		return nil, exit.Usagef("--base %s: %w", file, err)
	}
	return v, v.read(sheet, table)
}

// read takes the rows of a sheet.
func (v *version) read(sheet *render.Sheet, table edit.Table) error {
	places := make([]int, len(sheet.Header))
	key, stamp := -1, -1
	for i, name := range sheet.Header {
		id := v.headers[name]
		places[i] = slices.IndexFunc(table.Columns, func(c edit.Column) bool { return id != "" && c.ID == id || id == "" && c.Header == name })
		switch name {
		case table.Key[0]:
			key = i
		case table.Stamp:
			stamp = i
		}
	}
	if key < 0 || stamp < 0 {
		return exit.Usagef("--base has no columns %s and %s: name a file as codafs writes it", table.Key[0], table.Stamp)
	}
	v.rows = map[string]edit.Row{}
	for _, r := range sheet.Rows {
		row := edit.Row{Key: r.Cells[key], Stamp: r.Cells[stamp], Cells: make([]string, len(table.Columns))}
		for i, at := range places {
			if at >= 0 {
				row.Cells[at] = r.Cells[i]
			}
		}
		v.rows[row.Key] = row
		v.order = append(v.order, edit.Seen{Key: row.Key, Stamp: row.Stamp})
	}
	return nil
}

// columnsBeside reads the columns of the version that a file was copied from, if they lie beside it as in the tree: a column
// may have another name by now.
func columnsBeside(file string) map[string]string {
	data, err := os.ReadFile(strings.TrimSuffix(file, filepath.Ext(file)) + ".columns.json")
	if err != nil {
		return nil
	}
	columns, err := coda.DecodeList[coda.Column](data)
	if err != nil || !json.Valid(data) {
		return nil
	}
	headers := map[string]string{}
	names := codatext.Headers(columns)[len(codatext.OwnColumns):]
	for i, c := range columns {
		headers[names[i]] = c.ID
	}
	return headers
}

// csvIn finds a table's CSV file in a snapshot, or is the file itself.
func csvIn(at, id string) (found string, err error) {
	st, err := os.Stat(at)
	if err != nil || !st.IsDir() {
		return at, err
	}
	if latest := filepath.Join(at, "latest"); isFolder(latest) { // at is the output folder
		at = latest
	}
	at, err = filepath.EvalSymlinks(at)
	if err != nil {
		return "", err
	}
	err = filepath.WalkDir(at, func(name string, e iofs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && isCSV(name) && target.HoldsID(e.Name(), id) {
			found = name
			return iofs.SkipAll
		}
		return err
	})
	if err == nil && found == "" {
		err = fmt.Errorf("%s has no file of the table %s", at, id)
	}
	return found, err
}

func isFolder(name string) bool {
	st, err := os.Stat(name)
	return err == nil && st.IsDir()
}

// deletion says which rows may go: of those that the version had.
func (d *Desk) deletion(v *version) (*edit.Deletion, error) {
	if v.order == nil {
		return nil, exit.Usagef("--delete needs --base SNAPSHOT: without the version that was edited, nobody knows which rows were removed")
	}
	del := &edit.Deletion{Base: v.order, MaxRows: 10, MaxPercent: 10}
	if d.Flags.MaxDelete == "" {
		return del, nil
	}
	number, isShare := strings.CutSuffix(d.Flags.MaxDelete, "%")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || isShare && n > 100 {
		return nil, exit.UsageError{Err: errors.New("--max-delete " + d.Flags.MaxDelete + ": want a number of rows, or a share such as 20%")}
	}
	if del.MaxRows, del.MaxPercent = n, 100; isShare {
		del.MaxRows, del.MaxPercent = len(v.order), float64(n)
	}
	return del, nil
}
