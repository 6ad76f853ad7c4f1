package codatest

import (
	"fmt"
	"strings"
	"time"
)

// Hostile is a workspace of names, shapes and values that the service allows and programs
// trip over. All ids are well formed. Nothing in it depends on the clock.
func Hostile() *Workspace {
	created := day("2026-02-01")
	w := &Workspace{
		ID: "ws--hostile_1", Name: "Hostile / \"workspace\"", User: Person{"Bobby \"; DROP TABLE", "bobby@hostile.example"},
		Folders: []*Folder{{ID: "fl--_hostile1", Name: "../../etc"}},
		Docs: []*Doc{
			hostileTitles(),
			hostileTree(),
			hostileTables(),
			// Ids that differ by case alone, with the same title.
			{ID: "CaseTwin-a", Name: "Twins", Pages: []*Page{{ID: "canvas-TwinPage01", Name: "In a", Body: "a\n"}}},
			{ID: "CaseTwin-A", Name: "Twins", Pages: []*Page{{ID: "canvas-TwinPage01", Name: "In A", Body: "A\n"}}},
			{ID: "Emp__ty-00", Name: "No pages, no tables"},
			{ID: "-_leading1", Name: ""},
			{ID: "Sh4red-Ev1", Name: "../shared", Owner: Person{"Eve", "eve@hostile.example"}},
		},
	}
	for i, d := range w.Docs {
		d.CreatedAt = created.Add(time.Duration(i) * time.Minute)
	}
	return w
}

// hostileNames are titles for pages, and for some tables and columns.
var hostileNames = []string{
	"", " ", ".", "..", "...", "/", "a/b", `a\b`, "../../../tmp/escape", "/etc/passwd", ".hidden", "-rf", "--help", "~",
	"CON", "con", "nul.txt", "COM1.tar.gz", "LPT9 ", "aux.", "trailing dot.", "trailing space ", `<>:"/\|?*%`, "100%", "%2e%2e%2f",
	"Duplicate", "Duplicate", "Duplicate", "README", "readme", "ReadMe", "Straße", "STRASSE", "İstanbul", "istanbul",
	"caf\u00e9", "cafe\u0301", "\u212bngstr\u00f6m", "\u00c5ngstr\u00f6m", "\ufb01ne", "fine",
	"👩‍👩‍👧‍👦 family", "🇵🇹", "❤️", "❤", "👍🏽", "日本語のページ", "עברית", "العربية",
	"two\nlines", "carriage\r\nreturn", "tab\there", "nul\u0000byte", "bell\u0007", "del\u007f", "\u200bleading zero width",
	"rtl \u202egnp.exe", "\u2066isolated\u2069", "\ufeffbom", "line\u2028separator", "soft\u00adhyphen", "\u00a0nbsp\u00a0",
	"__", "a__b__canvas-xyz", "name.md", "name.page.json", "$(rm -rf ~)", "`id`", "'; DROP TABLE pages; --", "{{template}}", "🙂\u200d",
	strings.Repeat("long ", 60), strings.Repeat("長", 300), strings.Repeat("👩‍👩‍👧‍👦", 43), "e" + strings.Repeat("\u0301", 299),
}

// hostileTitles has a page for each name, a subpage below every third, and case twins.
func hostileTitles() *Doc {
	d := &Doc{ID: "T1tles-_x1", Name: "Hostile titles / .. \n CON"}
	for i, name := range hostileNames {
		p := &Page{ID: fmt.Sprintf("canvas--T%03d_%04d", i, i*7), Name: name, Body: fmt.Sprintf("# Page %d\n\n%q\n", i, name)}
		d.Pages = append(d.Pages, p)
		if i%3 == 0 {
			d.Pages = append(d.Pages, &Page{ID: p.ID + "-sub", Name: name, Parent: p.ID, Body: fmt.Sprintf("Below page %d.\n", i)})
		}
	}
	for _, id := range []string{"canvas-cAsEtWiN01", "canvas-CaSeTwIn01", "canvas-CASETWIN01"} {
		d.Pages = append(d.Pages,
			&Page{ID: id, Name: "Case twin", Body: id + "\n"},
			&Page{ID: id + "-s", Name: "Sub", Parent: id, Body: "below " + id + "\n"})
	}
	return d
}

// hostileTree has pages that cannot be exported, strange bodies, and a tree that is none.
func hostileTree() *Doc {
	d := &Doc{ID: "Tr3e-_Evil", Name: ".."}
	add := func(id, name, parent, body string) *Page {
		p := &Page{ID: "canvas-" + id, Name: name, Parent: parent, Body: body}
		d.Pages = append(d.Pages, p)
		return p
	}
	add("Empty-Page", "Empty page", "", "")
	add("Long-Page-x", "A very long page", "", longText(longPage))
	add("NoNewline_", "No newline at the end", "", "no newline at the end")
	add("CRLF-lines", "Windows lines", "", "one\r\ntwo\r\n\r\nthree\r\n")
	add("Controls-_", "Control characters", "", "nul \u0000, bell \u0007, bom \ufeff, rtl \u202e, fffc \ufffc, line \u2028 end\n")
	for _, kind := range []string{"embed", "syncPage", "table", "whiteboard"} {
		add("Not-"+kind+"-1", "A page of type "+kind, "", "").Type = kind
	}
	add("Embed-Sub1", "Below an embed", "canvas-Not-embed-1", "Below a page that has no export.\n")
	add("Hidden-_01", "Hidden", "", "Hidden itself.\n").Hidden = true
	add("Hidden-_02", "Below hidden", "canvas-Hidden-_01", "Hidden by its parent.\n")
	add("Orphan-_01", "My parent is missing", "canvas-NotThere_0", "No parent.\n")
	add("Circle-__A", "Circle A", "canvas-Circle-__B", "A\n")
	add("Circle-__B", "Circle B", "canvas-Circle-__A", "B\n")
	add("Circle-Own", "My own parent", "canvas-Circle-Own", "Myself.\n")
	parent := ""
	for i := range 20 {
		p := add(fmt.Sprintf("Deep-%02d-_x", i), fmt.Sprintf("Level %d", i+1), parent, fmt.Sprintf("Level %d.\n", i+1))
		parent = p.ID
	}
	d.Formulas = []*Formula{{ID: "f--Formula_01", Name: "a/b \"c\"", Value: List{Number("0.1"), Text(""), Bool(false)}}}
	d.Controls = []*Control{{ID: "ctrl--_Control", Name: "..", Type: "textbox", Value: nil}}
	return d
}

// longText is a Markdown text of n bytes.
func longText(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d. Line %d of a page that is far too long for anybody to read — 長い.\n", i, i)
	}
	return b.String()[:n-1] + "\n"
}

// hostileTables has tables of awkward shapes, names and cells.
func hostileTables() *Doc {
	const page = "canvas-Tables-_01"
	d := &Doc{
		ID: "T4bles_-_x", Name: "Hostile tables: \"quotes\", commas\nand lines",
		Pages: []*Page{
			{ID: page, Name: "Tables / \"all\" of them", Body: "Tables stand here.\n"},
			{ID: "canvas-TblHidden0", Name: "Hidden page with a table", Hidden: true},
		},
	}
	every := everyType("grid-EveryType1", page)
	text := Format{Type: "text"}
	table := func(id, name, parent string, columns ...string) *Table {
		t := &Table{ID: id, Name: name, Parent: parent}
		for i, c := range columns {
			t.Columns = append(t.Columns, &Column{ID: fmt.Sprintf("c-%s-%03d", id[5:], i), Name: c, Format: text})
		}
		d.Tables = append(d.Tables, t)
		return t
	}
	d.Tables = append(d.Tables, every,
		&Table{
			ID: "table--View_01", Name: "View / of ..", Parent: page, Base: every.ID, Layout: "detail",
			Hidden: []string{every.Columns[1].ID, every.Columns[3].ID},
			Filter: func(r *Row) bool { return r.ID != every.Rows[1].ID },
			Order:  func(a, b *Row) int { return strings.Compare(b.ID, a.ID) },
		},
		&Table{ID: "table--ViewNone", Name: "A view that shows nothing", Parent: page, Base: every.ID, Filter: func(*Row) bool { return false }})
	table("grid-NoRows_-1", "No rows", page, "Only", "Columns")
	wide := make([]string, 300)
	for i := range wide {
		wide[i] = fmt.Sprintf("Column %d", i)
	}
	fillText(table("grid-Wide-300_", "Three hundred columns", page, wide...), 3)
	fillText(table("grid-DupNames_", "Duplicate column names", page, "Status", "Status", "Status__2", "Status", "status",
		"_row_id", "_row_name", "_row_index", "_created_at", "_updated_at", "_browser_link", "_row_id",
		"", "", "a,b", "two\nlines", `"quoted"`, " padded ", "=1+1"), 2)
	fillText(table("grid-Orphan-_1", "On no page", "", "A"), 1)
	fillText(table("grid-Orphan-_2", "On a page that is gone", "canvas-Gone--0000", "A"), 1)
	fillText(table("grid-OnHidden0", "On a hidden page", "canvas-TblHidden0", "A"), 1)
	for i, name := range []string{"Duplicate", "Duplicate", "", "..", "a/b", "CON", "two\nlines", strings.Repeat("長", 300)} {
		fillText(table(fmt.Sprintf("grid-Names-_%02d", i), name, page, "A"), 1)
	}
	fillText(table("grid-caseTwin01", "Case twin", page, "A"), 1)
	fillText(table("grid-CASEtWIN01", "Case twin", page, "A"), 2)
	return d
}

// fillText gives a table n rows of texts that name their place.
func fillText(t *Table, n int) {
	for i := range n {
		r := &Row{ID: fmt.Sprintf("i-%s-%02d", t.ID[5:], i), Cells: map[string]Value{}}
		for j, c := range t.Columns {
			r.Cells[c.ID] = Text(fmt.Sprintf("r%d c%d", i, j))
		}
		t.Rows = append(t.Rows, r)
	}
}
