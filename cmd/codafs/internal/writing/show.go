package writing

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/edit/outbox"
)

// Show prints a plan for people: what would be sent, cell by cell, then what would not, and why.
func (d *Desk) Show(out io.Writer, p *outbox.Plan) {
	title := p.Object.Title
	if title == "" {
		title = "a file without a table"
	}
	if p.File != "" {
		fmt.Fprintf(out, "%s: ", term.Printable(p.File))
	}
	fmt.Fprintln(out, term.Quote(title))
	if len(p.Problems) == 0 {
		for _, e := range p.Edits {
			showEdit(out, p, e)
		}
	}
	for _, h := range p.Held {
		fmt.Fprintf(out, "  held      %s\n", heldLine(p, h))
	}
	for _, problem := range p.Problems {
		fmt.Fprintf(out, "  rejected  %s\n", term.Printable(problem.Error()))
	}
	for _, header := range slices.Sorted(maps.Keys(p.Retyped)) {
		fmt.Fprintf(out, "  %s of %s look retyped by a program, and are not sent (--send-reformatted %s sends them)\n",
			term.Count(p.Retyped[header], "cell"), term.Quote(header), term.ShellWord(header))
	}
	for _, header := range slices.Sorted(maps.Keys(p.Ignored)) {
		fmt.Fprintf(out, "  %s of %s in new rows cannot be written, and are left out\n", term.Count(p.Ignored[header], "cell"), term.Quote(header))
	}
	if p.Inserted > 0 {
		fmt.Fprintf(out, "  %s without an id: this file inserted that before (--again inserts once more)\n", term.Count(p.Inserted, "line"))
	}
	if p.Done > 0 {
		fmt.Fprintf(out, "  %s in Coda already\n", was(p.Done, "cell"))
	}
	if p.Kept > 0 {
		fmt.Fprintf(out, "  %s not in the file: kept in Coda (--delete deletes)\n", was(p.Kept, "row"))
	}
	fmt.Fprintf(out, "  %s\n", d.sum(p))
}

// was is "1 row is", "2 rows are".
func was(n int, name string) string {
	if n == 1 {
		return "1 " + name + " is"
	}
	return term.Count(n, name) + " are"
}

func showEdit(out io.Writer, p *outbox.Plan, e edit.Edit) {
	switch e.Op {
	case edit.Delete:
		fmt.Fprintf(out, "  delete    %s\n", rowName(p, e.Key))
	case edit.Insert, edit.Upsert:
		var cells []string
		for _, c := range e.Cells {
			cells = append(cells, c.Header+"="+short(c.Wish))
		}
		line := ""
		if e.Line > 0 {
			line = fmt.Sprintf("line %d: ", e.Line)
		}
		fmt.Fprintf(out, "  %-9s %s%s\n", e.Op, line, strings.Join(cells, " "))
	default:
		for _, c := range e.Cells {
			fmt.Fprintf(out, "  change    %s: %s %s -> %s\n", rowName(p, e.Key), term.Printable(c.Header), short(c.Now), short(c.Wish))
		}
	}
}

// rowName is a row's id, and what people call it.
func rowName(p *outbox.Plan, key string) string {
	if name := p.Rows[key].Name; name != "" {
		return fmt.Sprintf("row %s %s", term.Printable(key), short(name))
	}
	return "row " + term.Printable(key)
}

// short is a value as a plan shows it.
func short(text string) string { return term.Cut(fmt.Sprintf("%q", text), 60) }

// heldWords say why a row is held, and what to do.
var heldWords = map[edit.Reason]string{
	edit.HeldUnknownRow:  "Coda has no row of this id; it may have been deleted there (to insert it, empty its _row_id)",
	edit.HeldUnknownBase: "it was changed in Coda since the file was made, and nobody kept what it was (--base SNAPSHOT may know; --mine sends it)",
	edit.HeldConflict:    "changed in Coda too (--mine or --theirs decides)",
	edit.HeldEmptied:     "programs read this text as 'no value' and empty the cell (--send-reformatted or --mine sends it)",
	edit.HeldInserted:    "it may be the row that this file inserted before, changed since: give it the row's id, a name such as +a, or use --again",
	edit.HeldChanged:     "the row to be deleted was changed in Coda since",
	edit.HeldFormatting:  "its formatting in Coda would be lost (--mine sends it)",
	edit.HeldDoubt:       "an earlier write of this row was never answered: see 'codafs writes'",
	edit.HeldStale:       "Coda does not show its newest state (--stale-ok sends all the same)",
}

func heldLine(p *outbox.Plan, h edit.Held) string {
	where := fmt.Sprintf("line %d", h.Line)
	if h.Key != "" && h.Reason != edit.HeldInserted { // whose key may be this line's
		where = rowName(p, h.Key)
	}
	if h.Header != "" {
		where += ": " + term.Printable(h.Header)
	}
	if h.Reason == edit.HeldConflict {
		where += fmt.Sprintf(" was %s, Coda has %s, the file has %s", short(h.Base), short(h.Now), short(h.Wish))
	}
	return where + ": " + heldWords[h.Reason]
}

// Cost is what a plan costs.
type Cost struct {
	Writes int `json:"writes"`
	// Reads is the least that is read before and after.
	Reads int `json:"reads"`
	// Seconds pass until the last write is sent. What Coda then needs comes on top.
	Seconds float64 `json:"seconds"`
}

// cost counts the writes of a plan exactly.
func (d *Desk) cost(p *outbox.Plan) (c Cost) {
	if len(p.Problems) > 0 || len(p.Edits) == 0 {
		return c
	}
	places := make([]int, len(p.Edits))
	for i := range places {
		places[i] = i
	}
	c.Writes = len(d.Service.Batches(p.Edits, places))
	c.Reads = 4 + c.Writes // columns and rows before and after, and one question for each write
	for _, l := range d.Service.Writes.Limits() {
		if l.Class == coda.ClassContent {
			c.Seconds = float64((c.Writes-1)/l.Rate.N) * (l.Rate.Per + l.Margin).Seconds()
		}
	}
	return c
}

// sum is the last line of a plan.
func (d *Desk) sum(p *outbox.Plan) string {
	if len(p.Problems) > 0 {
		return "nothing of this file is sent"
	}
	n := map[edit.Op]int{}
	cells := 0
	for _, e := range p.Edits {
		if n[e.Op]++; e.Op == edit.Update {
			cells += len(e.Cells)
		}
	}
	if len(p.Edits) == 0 {
		return "nothing to send"
	}
	var parts []string
	for _, part := range []struct {
		n    int
		text string
	}{{n[edit.Update], fmt.Sprintf("%s in %s", term.Count(cells, "cell"), term.Count(n[edit.Update], "row"))},
		{n[edit.Insert], term.Count(n[edit.Insert], "new row")}, {n[edit.Upsert], term.Count(n[edit.Upsert], "row") + " by key"}, {n[edit.Delete], term.Count(n[edit.Delete], "row") + " to delete"}} {
		if part.n > 0 {
			parts = append(parts, part.text)
		}
	}
	c := d.cost(p)
	takes := ""
	if c.Seconds >= 1 {
		takes = ", " + term.FormatAge(time.Duration(c.Seconds*float64(time.Second))) + " until the last is sent"
	}
	return fmt.Sprintf("plan %s: %s; %s and at least %s%s", p.ID, strings.Join(parts, ", "), term.Count(c.Writes, "write"), term.Count(c.Reads, "read"), takes)
}

// shown is a plan as --json has it, without the file itself.
type shown struct {
	*outbox.Plan
	Cost Cost   `json:"cost"`
	Wish []byte `json:"wish,omitempty"` // hides the plan's
}

// Plans is the answer of plan --json.
type Plans struct {
	Schema string  `json:"schema"`
	Plans  []shown `json:"plans"`
	// Passed counts the files of folders that were passed over.
	Passed int `json:"passed"`
}

// ForJSON makes the answer of plan --json.
func (d *Desk) ForJSON(plans []*outbox.Plan, passed int) Plans {
	all := Plans{Schema: outbox.Schema, Plans: []shown{}, Passed: passed}
	for _, p := range plans {
		all.Plans = append(all.Plans, shown{Plan: p, Cost: d.cost(p)})
	}
	return all
}

// ShowAll prints plans, and how many files were passed over.
func (d *Desk) ShowAll(out io.Writer, plans []*outbox.Plan, passed int) error {
	var b strings.Builder
	for _, p := range plans {
		d.Show(&b, p)
	}
	if passed > 0 {
		fmt.Fprintf(&b, "%s passed over: views, and what is no table\n", was(passed, "file"))
	}
	_, err := io.WriteString(out, b.String())
	return err
}
