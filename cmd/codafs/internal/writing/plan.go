package writing

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/target"
	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/edit/outbox"
	"github.com/codafs/codafs/fs/render"
	"github.com/codafs/codafs/fs/source/codadocs/codaedit"
	"github.com/codafs/codafs/fs/source/codadocs/codasend"
	"github.com/codafs/codafs/snapshot/format"
)

// Plan compares a file with what Coda has now. It sends no write. What is wrong with the file is in the plan; an error is
// one of reading, or says that the file names no table.
func (d *Desk) Plan(ctx context.Context, file string) (*outbox.Plan, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, exit.UsageError{Err: err}
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	return d.planOf(ctx, abs, data)
}

// planOf makes the plan of a file with these bytes.
func (d *Desk) planOf(ctx context.Context, abs string, data []byte) (*outbox.Plan, error) {
	file := abs
	p := &outbox.Plan{Schema: outbox.Schema, ID: outbox.NewID(), Made: time.Now().UTC(), File: abs, Wish: data}
	sheet, err := render.ParseSheet(data)
	if err != nil {
		reject(p, problemOf(err))
		return p, nil
	}
	o, err := d.object(ctx, file, sheet)
	if err != nil {
		return nil, err
	}
	p.Object = outbox.Object{Doc: o.DocID, ID: o.ID, Kind: string(o.Kind), Title: o.Title}
	if o.IsView() {
		reject(p, edit.Problem{Message: "this is a view, where missing rows and empty cells mean nothing: edit the file of its table"})
		return p, nil
	}
	return p, d.compare(ctx, p, sheet)
}

// reject makes a plan of nothing but a problem.
func reject(p *outbox.Plan, problem edit.Problem) { p.Problems = append(p.Problems, problem) }

func problemOf(err error) edit.Problem {
	if e, ok := errors.AsType[*render.SheetError](err); ok {
		return edit.Problem{Line: e.Line, Message: e.Reason}
	}
	return edit.Problem{Message: err.Error()}
}

// object finds the table of a file: by --table, by the links of its rows, by the id in its name, by its path.
func (d *Desk) object(ctx context.Context, file string, sheet *render.Sheet) (target.Object, error) {
	if d.Flags.Table != "" {
		return d.Find.Table(ctx, d.Flags.Table)
	}
	if at := slices.Index(sheet.Header, codaedit.LinkHeader); at >= 0 {
		links := map[string]bool{}
		for _, r := range sheet.Rows {
			if table, _, _ := strings.Cut(r.Cells[at], "/_ru"); table != "" {
				links[table] = true
			}
		}
		if len(links) > 1 {
			return target.Object{}, exit.Usagef("%s has rows of %d tables: say which one is meant with --table", file, len(links))
		}
		for link := range links {
			if o, err := d.Find.Table(ctx, link); err == nil || !errors.Is(err, iofs.ErrNotExist) {
				return o, err
			}
		}
	}
	o, err := d.Find.Table(ctx, file)
	if errors.Is(err, iofs.ErrNotExist) {
		err = exit.Usagef("%s names no table of Coda: say which one is meant with --table", file)
	}
	return o, err
}

// compare fills a plan with what its file asks for.
func (d *Desk) compare(ctx context.Context, p *outbox.Plan, sheet *render.Sheet) error {
	table, rows, err := d.Service.Read(ctx, p.Object, false)
	if err != nil {
		return err
	}
	jobs, err := d.Jobs()
	if err != nil {
		return err
	}
	h := outbox.NewHistory(jobs, p.Object, table)
	rows = h.Overlay(rows)
	older, err := d.base(p, table)
	if err != nil {
		return err
	}
	o := edit.Options{Headers: older.headers, Written: h.Written, Named: h.Named, SendRetyped: d.Flags.SendReformatted,
		Base: func(key, stamp string) ([]string, bool) { return h.Base(key, stamp, older.row) }}
	if !d.Flags.Again {
		o.Inserted = h.Inserted(p.File, p.Made)
	}
	if d.Flags.Delete {
		if o.Deletion, err = d.deletion(older); err != nil {
			return err
		}
	}
	changes, err := edit.Diff(table, sheet, each(rows), o)
	if err != nil {
		return err
	}
	p.Changes = *changes
	if err := d.Service.HoldFormatted(ctx, p.Object, &p.Changes); err != nil {
		return err
	}
	d.decide(p)
	h.HoldDoubts(&p.Changes)
	for _, e := range p.Edits {
		if size, tooLarge := codasend.TooLarge(e); tooLarge {
			reject(p, edit.Problem{Line: e.Line, Row: e.Key, Message: fmt.Sprintf("its new cells have %d KB, and Coda takes 80 KB at most", size>>10)})
		}
	}
	keep(p, table, rows)
	return nil
}

func each(rows []edit.Row) iter.Seq2[edit.Row, error] {
	return func(yield func(edit.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// decide applies --mine and --theirs to the rows that somebody else changed too.
func (d *Desk) decide(p *outbox.Plan) {
	if !d.Flags.Mine && !d.Flags.Theirs {
		return
	}
	p.Held = slices.DeleteFunc(p.Held, func(h edit.Held) bool {
		switch h.Reason {
		case edit.HeldConflict, edit.HeldUnknownBase, edit.HeldEmptied, edit.HeldFormatting:
			if d.Flags.Mine {
				p.Edits = append(p.Edits, h.Edit)
			}
			return true
		}
		return false
	})
	slices.SortStableFunc(p.Edits, func(a, b edit.Edit) int { return a.Line - b.Line })
}

// keep keeps the rows that a plan changes as they are now, so that it can be compared again and taken back.
func keep(p *outbox.Plan, table edit.Table, rows []edit.Row) {
	changed := map[string]bool{}
	for _, e := range p.Edits {
		changed[e.Key] = true
	}
	name := slices.IndexFunc(table.Columns, func(c edit.Column) bool { return c.Header == "_row_name" })
	p.Rows = map[string]outbox.Kept{}
	for _, r := range rows {
		if !changed[r.Key] {
			continue
		}
		k := outbox.Keep(table, r)
		k.Name = r.Cells[name]
		p.Rows[r.Key] = k
	}
}

// isCSV reports whether a file may be a table's.
func isCSV(name string) bool { return strings.EqualFold(filepath.Ext(name), ".csv") }

// Files are the files that arguments mean, and how many of folders were passed over: views, and all that is no table.
func Files(args []string) (files []string, passed int, err error) {
	for _, arg := range args {
		st, err := os.Stat(arg)
		if err != nil {
			return nil, 0, exit.UsageError{Err: err}
		}
		if !st.IsDir() {
			files = append(files, arg)
			continue
		}
		// A link such as a snapshot folder's 'latest' is followed where it is named; WalkDir would not.
		if arg, err = filepath.EvalSymlinks(arg); err != nil {
			return nil, 0, exit.UsageError{Err: err}
		}
		err = filepath.WalkDir(arg, func(name string, e iofs.DirEntry, err error) error {
			hidden := name != arg && strings.HasPrefix(e.Name(), ".")
			switch {
			case err != nil:
				return err
			case e.IsDir() && (hidden || name != arg && e.Name() == "files"):
				return iofs.SkipDir
			case e.IsDir():
			case hidden || !isCSV(name) || filepath.Base(filepath.Dir(name)) == "view":
				passed++
			default:
				files = append(files, name)
			}
			return nil
		})
		if err != nil {
			return nil, 0, exit.UsageError{Err: err}
		}
	}
	return files, passed, nil
}

// Kept returns a plan by its id. With --mine or --theirs what it was made of is compared once more, to decide what was held.
func (d *Desk) Kept(ctx context.Context, id string) (*outbox.Plan, error) {
	p, err := d.Box.Plan(id)
	if errors.Is(err, outbox.ErrNoPlan) {
		var j *outbox.Job
		if j, err = d.Box.Job(id); err == nil {
			p = j.Plan
		}
	}
	if err != nil {
		return nil, exit.UsageError{Err: err}
	}
	if d.Flags.Mine || d.Flags.Theirs {
		return d.planOf(ctx, p.File, p.Wish)
	}
	return p, nil
}

// Plans makes and keeps the plans of files.
func (d *Desk) Plans(ctx context.Context, files []string) (plans []*outbox.Plan, err error) {
	for _, file := range files {
		p, err := d.Plan(ctx, file)
		if err != nil {
			return nil, err
		}
		if len(p.Problems) == 0 && len(p.Edits) > 0 {
			if err := d.Box.Save(p); err != nil {
				return nil, exit.Error{Code: format.ExitDestination, Err: err}
			}
		}
		plans = append(plans, p)
	}
	return plans, nil
}
