package codatest

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Workspace is the state of the stand-in. Fill the exported fields, give it to [New],
// and from then on change it by its methods only. Zero stamps are filled in by New.
type Workspace struct {
	ID, Name string
	// User is who the token belongs to.
	User    Person
	Folders []*Folder
	Docs    []*Doc
	// Mutations says for each queued write, by request id, when it is done.
	Mutations map[string]time.Time

	mu       sync.Mutex // guards everything reachable from here
	now      func() time.Time
	keepPast bool // for reads that lag
	queued   []*write
	writes   int               // how many were accepted
	warnings map[string]string // of writes, by request id
}

// Folder groups docs. Coda's API shows folders flat.
type Folder struct {
	ID, Name  string
	Workspace string // id of its workspace; "" is the Workspace's own
	Starred   bool
	CreatedAt time.Time
}

// Doc is one document.
type Doc struct {
	ID, Name string
	Owner    Person // nobody: the workspace's user
	Folder   string // id; "" is the first folder
	Icon     string
	Source   string // id of the doc this one was copied from
	Starred  bool
	// Published is the mode it is published in (view, play, edit), "" if it is not.
	Published string
	Gallery   bool
	// NeverOpened docs are missing from the list but can be read by id.
	NeverOpened bool
	// Oversized docs report docSize.overApiSizeLimit.
	Oversized            bool
	CreatedAt, UpdatedAt time.Time
	// SeenAt is the user's last event, which orders the list; zero means UpdatedAt.
	SeenAt      time.Time
	Pages       []*Page // siblings in display order
	Tables      []*Table
	Formulas    []*Formula
	Controls    []*Control
	Permissions []*Permission
	Blobs       []*Blob

	addresses addresses       // those of a call's moment
	removed   map[string]bool // ids of deleted pages: 410 from then on
	past      []past          // oldest first; only where reads may lag
}

// Page is a page of a doc. Type is its contentType; "" is canvas, the only one that can
// be exported. Body is its text in Markdown; tables that stand on the page follow it in
// an export. Cover is the id of a blob.
type Page struct {
	ID, Name, Subtitle   string
	Parent               string // id of the parent page, "" at the top
	Type                 string
	Hidden               bool
	Icon, Cover          string
	Body                 string
	Author               Person
	CreatedAt, UpdatedAt time.Time

	split   []line // the lines of splitOf
	splitOf string
}

// Table is a base table, or, with Base set, a view of one. A view has no columns and rows
// of its own. Hidden, Filter and Order say what is shown: in natural order, on the page,
// and where visibleOnly is asked for.
type Table struct {
	ID, Name             string
	Parent               string // id of the page it stands on; "" or a missing page: an orphan
	Base                 string // id of the base table of a view
	Layout               string // "" is default
	Columns              []*Column
	Rows                 []*Row // in order of creation
	Display              string // id of the display column; "" is the first
	Hidden               []string
	Filter               func(*Row) bool
	FilterUses           string // Today, Now or User, where the formula of the filter has that in it
	Order                func(a, b *Row) int
	Sorts                []Sort
	CountOff             int // how many rows more the service counts than there are
	CreatedAt, UpdatedAt time.Time
}

// Sort is one of a table's sorts, as shown by the API; Table.Order does the sorting.
type Sort struct {
	Column     string
	Descending bool
}

// Column is a column of a base table. A column with a Formula is a calculated one. Compute, if there is one, gives its
// cells at each request, by the clock of the service; no stamp moves with them.
type Column struct {
	ID, Name string
	Format   Format
	Formula  string
	Compute  func(now time.Time, r *Row) Value
	Default  string
}

// Format is a column's format: its type, and what else the API shows for that type.
type Format struct {
	Type  string
	Array bool
	Table string // id of the table that a lookup or person column points to
	Extra map[string]any
}

// Row is a row of a base table. A column without an entry in Cells is missing from the
// answers; an empty cell is an entry that is nil.
type Row struct {
	ID                   string
	Cells                map[string]Value
	CreatedAt, UpdatedAt time.Time
}

// Formula is a named formula of a doc. Compute, if there is one, gives its value at each request.
type Formula struct {
	ID, Name, Parent string
	Value            Value
	Compute          func(now time.Time) Value
}

// Control is a control of a doc, such as a slider. Type is its controlType.
type Control struct {
	ID, Name, Parent, Type string
	Value                  Value
}

// Permission gives a principal access to a doc: Principal is the object that the API
// shows, such as {"type": "email", "email": …}; Access is readonly, write or comment.
type Permission struct {
	ID, Access string
	Principal  map[string]string
}

// doc finds a doc by id, page and the others an object by id, else by name, as the API does.
func (w *Workspace) doc(id string) *Doc {
	return find(w.Docs, func(d *Doc) bool { return d.ID == id })
}

func (d *Doc) page(key string) *Page {
	return byIDOrName(d.Pages, key, func(p *Page) (string, string) { return p.ID, p.Name })
}

// table finds a table or view by id, or else by name.
func (d *Doc) table(key string) *Table {
	return byIDOrName(d.Tables, key, func(t *Table) (string, string) { return t.ID, t.Name })
}

// column finds a column by id, or else by name.
func (t *Table) column(key string) *Column {
	return byIDOrName(t.Columns, key, func(c *Column) (string, string) { return c.ID, c.Name })
}

// byIDOrName finds what a path means: an id goes before a name, whatever their order; of equal names the first.
func byIDOrName[T any](all []*T, key string, names func(*T) (id, name string)) *T {
	if x := find(all, func(x *T) bool { id, _ := names(x); return id == key }); x != nil {
		return x
	}
	return find(all, func(x *T) bool { _, name := names(x); return name == key })
}

// find gives the first that matches, nil if none does.
func find[T any](all []*T, match func(*T) bool) *T {
	if i := slices.IndexFunc(all, match); i >= 0 {
		return all[i]
	}
	return nil
}

// base is the table that holds t's columns and rows: t itself, or a view's base table.
func (d *Doc) base(t *Table) *Table {
	if t.Base == "" {
		return t
	}
	if b := find(d.Tables, func(x *Table) bool { return x.ID == t.Base }); b != nil {
		return b
	}
	return &Table{}
}

// children are p's subpages in display order.
func (d *Doc) children(p *Page) []*Page {
	var out []*Page
	for _, c := range d.Pages {
		if c.Parent == p.ID {
			out = append(out, c)
		}
	}
	return out
}

// pageTree is all pages in tree order, the order in which the API lists them. Pages that
// cannot be reached from the top (parent missing or in a circle) come last.
func (d *Doc) pageTree() []*Page {
	below := map[string][]*Page{}
	for _, p := range d.Pages {
		below[p.Parent] = append(below[p.Parent], p)
	}
	seen := make(map[string]bool, len(d.Pages))
	var out []*Page
	var walk func(p *Page)
	walk = func(p *Page) {
		if seen[p.ID] {
			return
		}
		seen[p.ID] = true
		out = append(out, p)
		for _, c := range below[p.ID] {
			walk(c)
		}
	}
	for _, p := range below[""] {
		walk(p)
	}
	for _, p := range d.Pages {
		walk(p)
	}
	return out
}

// effectivelyHidden reports whether p or any page above it is hidden.
func (d *Doc) effectivelyHidden(p *Page) bool {
	for range len(d.Pages) { // a circle of parents ends too
		if p == nil || p.Hidden {
			break
		}
		p = find(d.Pages, func(x *Page) bool { return x.ID == p.Parent })
	}
	return p != nil && p.Hidden
}

// contentType is the API's word for p: a canvas, unless it says otherwise.
func (p *Page) contentType() string {
	if p.Type == "" {
		return "canvas"
	}
	return p.Type
}

// displayColumn is the id of the column that names a row.
func (t *Table) displayColumn() string {
	if t.Display == "" && len(t.Columns) > 0 {
		return t.Columns[0].ID
	}
	return t.Display
}

// visibleRows is the rows that pass a table's or view's filter, in order of creation.
func (d *Doc) visibleRows(t *Table) []*Row {
	return slices.DeleteFunc(slices.Clone(d.base(t).Rows), func(r *Row) bool {
		return t.Filter != nil && !t.Filter(r)
	})
}

// shownRows is the visible rows in natural order.
func (d *Doc) shownRows(t *Table) []*Row {
	rows := d.visibleRows(t)
	if t.Order != nil {
		slices.SortStableFunc(rows, t.Order)
	}
	return rows
}

// shownColumns is the base table's columns without those that t hides.
func (d *Doc) shownColumns(t *Table) []*Column {
	return slices.DeleteFunc(slices.Clone(d.base(t).Columns), func(c *Column) bool {
		return slices.Contains(t.Hidden, c.ID)
	})
}

// rowName is the text of a row's display column.
func (d *Doc) rowName(t *Table, r *Row) string {
	return plain(d, r.Cells[d.base(t).displayColumn()])
}

// owner is the doc's owner: the user, where nobody else is named.
func (d *Doc) owner(w *Workspace) Person {
	if d.Owner == (Person{}) {
		return w.User
	}
	return d.Owner
}

// folder is the folder that a doc lies in. Each doc lies in one, if need be in one that is not listed.
func (w *Workspace) folder(d *Doc) *Folder {
	if f := find(w.Folders, func(f *Folder) bool { return f.ID == d.Folder }); f != nil {
		return f
	}
	if d.Folder == "" && len(w.Folders) > 0 {
		return w.Folders[0]
	}
	return &Folder{ID: "fl-mydocs0000", Name: "My docs"}
}

// workspaceOf is the id of a folder's workspace.
func (w *Workspace) workspaceOf(f *Folder) string {
	if f.Workspace != "" {
		return f.Workspace
	}
	return w.ID
}

// lastEvent orders the list of docs: the later of the last edit and the user's last look.
func (d *Doc) lastEvent() time.Time {
	if d.SeenAt.After(d.UpdatedAt) || d.UpdatedAt.IsZero() {
		return d.SeenAt
	}
	return d.UpdatedAt
}

// containsFold is the search that lists offer as query.
func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}
