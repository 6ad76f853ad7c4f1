package codatest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Generate makes a workspace of a given size: docs, each with so many pages (in a tree)
// and tables, each with so many rows. Equal arguments give equal workspaces.
func Generate(seed uint64, docs, pages, tables, rows int) *Workspace {
	g := &generator{rand.New(rand.NewPCG(seed, 26))}
	w := &Workspace{
		ID: "ws-Generated1", Name: "Generated", User: Person{"Gen Erator", "gen@generated.example"},
		Folders: []*Folder{{ID: "fl-Generated1", Name: "My docs"}},
	}
	for range docs {
		d := &Doc{ID: g.id(""), Name: g.words(3), CreatedAt: g.stamp()}
		for i := range pages {
			p := &Page{ID: g.id("canvas-"), Name: g.words(1 + g.IntN(4)), Body: g.text(), CreatedAt: g.stamp()}
			if i > 0 && g.IntN(3) > 0 {
				p.Parent = d.Pages[g.IntN(i)].ID
			}
			d.Pages = append(d.Pages, p)
		}
		for range tables {
			d.Tables = append(d.Tables, g.table(d, rows))
		}
		w.Docs = append(w.Docs, d)
	}
	return w
}

// generator makes things by chance. Its numbers come in one order, so all is made in that of the code.
type generator struct{ *rand.Rand }

// id has the shape of the service's ids: ten letters, digits, - and _.
func (g *generator) id(prefix string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b := []byte(prefix)
	for range 10 {
		b = append(b, alphabet[g.IntN(len(alphabet))])
	}
	return string(b)
}

var vocabulary = strings.Fields(`plan notes review budget launch team goals risks hiring design research meeting weekly
	metrics summary customer feedback draft archive decisions roadmap Übersicht 計画 résumé onboarding support ideas`)

// words is n words with blanks between them, some of them not in ASCII.
func (g *generator) words(n int) string {
	s := make([]string, n)
	for i := range s {
		s[i] = vocabulary[g.IntN(len(vocabulary))]
	}
	return strings.Join(s, " ")
}

// text is a page's Markdown: a heading, and up to eight paragraphs with lists.
func (g *generator) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", g.words(3))
	for range 1 + g.IntN(8) {
		fmt.Fprintf(&b, "\n%s.\n\n- %s\n- %s\n", g.words(10+g.IntN(30)), g.words(4), g.words(5))
	}
	return b.String()
}

// stamp is a time in 2025, in whole milliseconds.
func (g *generator) stamp() time.Time {
	return day("2025-01-01").Add(time.Duration(g.Int64N(365*24*3600*1000)) * time.Millisecond)
}

// table is a table with a column of each of five types and so many rows, a second apart. It stands on a page by chance, if
// there is one.
func (g *generator) table(d *Doc, rows int) *Table {
	t := &Table{ID: g.id("grid-"), Name: g.words(2), CreatedAt: d.CreatedAt}
	if len(d.Pages) > 0 {
		t.Parent = d.Pages[g.IntN(len(d.Pages))].ID
	}
	var options []map[string]string
	for _, word := range vocabulary {
		options = append(options, map[string]string{"name": word})
	}
	choice := Format{Type: "select", Array: true, Extra: map[string]any{"options": options}}
	for i, f := range []Format{{Type: "text"}, numberFormat, dateFormat, checkFormat, choice} {
		t.Columns = append(t.Columns, &Column{ID: g.id("c-"), Name: fmt.Sprintf("%s %d", f.Type, i+1), Format: f})
	}
	for i := range rows {
		values := []Value{
			Text(g.words(3)), Number(fmt.Sprintf("%d.%02d", g.IntN(1000), g.IntN(100))), Stamp{g.stamp()},
			Bool(g.IntN(2) == 0), List{Text(g.words(1)), Text(g.words(1))},
		}
		r := &Row{ID: g.id("i-"), CreatedAt: t.CreatedAt.Add(time.Duration(i) * time.Second), Cells: map[string]Value{}}
		for j, c := range t.Columns {
			r.Cells[c.ID] = values[j]
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}
