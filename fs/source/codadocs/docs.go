package codadocs

import (
	"bytes"
	"context"
	"errors"
	iofs "io/fs"
	"iter"
	"slices"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/render"
	"github.com/codafs/codafs/fs/source/codadocs/codapick"
	"github.com/codafs/codafs/fs/source/codadocs/codatext"
)

// API has the requests that the tree needs. *coda.Client implements it. A list that breaks off ends with an error. Each method
// is a read: the tree never changes a doc. They may be called by several goroutines, and end when ctx does.
type API interface {
	// WhoAmI is asked for only to tell whether a doc is the user's own (Coda API 1.5.0, whoami).
	WhoAmI(ctx context.Context) (coda.User, error)
	// Docs is the one request of each refresh, a page of docs at a time (listDocs).
	Docs(ctx context.Context, f coda.DocFilter) iter.Seq2[coda.Doc, error]
	// Doc is asked for a doc that the list lacks, or that is selected by its id (getDoc).
	Doc(ctx context.Context, docID string) (coda.Doc, error)
	// Pages has no text (listPages).
	Pages(ctx context.Context, docID string) iter.Seq2[coda.Page, error]
	// Tables has tables and views, without stamps and row counts (listTables).
	Tables(ctx context.Context, docID string) iter.Seq2[coda.Table, error]
	// Table has the stamp and the row count (getTable).
	Table(ctx context.Context, docID, tableID string) (coda.Table, error)
	// Columns has hidden columns, too (listColumns).
	Columns(ctx context.Context, docID, tableID string) iter.Seq2[coda.Column, error]
	// Rows reads a table or view whole, a page of rows at a time (listRows).
	Rows(ctx context.Context, docID, tableID string, o coda.RowOptions) iter.Seq2[coda.Row, error]
	// RowChanges yields the rows that changed since a token; all rows if it is "". Once all came, next returns the token for
	// the next call, if the service gave one (listRows, with syncToken).
	RowChanges(ctx context.Context, docID, tableID string, o coda.RowOptions, since string) (rows iter.Seq2[coda.Row, error], next func() string)
	// Formulas has names and ids, no values (listFormulas).
	Formulas(ctx context.Context, docID string) iter.Seq2[coda.Formula, error]
	// Formula has the value (getFormula).
	Formula(ctx context.Context, docID, id string) (coda.Formula, error)
	// Controls has names and ids, no values (listControls).
	Controls(ctx context.Context, docID string) iter.Seq2[coda.Control, error]
	// Control has the value (getControl).
	Control(ctx context.Context, docID, id string) (coda.Control, error)
	// Permissions is refused to tokens for single docs, by a 401 (getPermissions).
	Permissions(ctx context.Context, docID string) iter.Seq2[coda.Permission, error]
	// Lines is a page's text for a token that may not export: no tables, links or images (listPageContent).
	Lines(ctx context.Context, docID, pageID string) iter.Seq2[coda.Line, error]
	// ExportPage takes seconds. Its error has the code [coda.CodeExportRefused] if the token, or the page, allows none
	// (beginPageContentExport).
	ExportPage(ctx context.Context, docID, pageID string, f coda.Format) ([]byte, error)
}

// docs is Coda's docs as the units of a tree. It implements [remote.Source], with [remote.Prober] in exports.go,
// [remote.Surveyor] in survey.go and [remote.Orderer] below. But for exports it does not change after New: the lists in it
// say how a list is requested, and hold none.
type docs struct {
	t         *remote.Tree
	api       API
	blobs     *blob.Fetcher
	sel       Selection
	rowDeltas int64
	// exports says whether the token may start page exports. An export starts with a POST, which the service refuses to a
	// read-only token; page text then comes from the pages' lines.
	exports load.Right

	pages       remote.List[*pageList]
	tables      remote.List[*tableList]
	table       remote.List[tableInfo]  // one table's own object, by its id
	columns     remote.List[columnList] // of one table, by its id
	formulas    remote.List[objectList]
	controls    remote.List[objectList]
	permissions remote.List[objectList]
	files       remote.List[*fileList]
}

// Options say which docs the tree shows, and how it behaves.
type Options struct {
	remote.Options
	Select Selection
	// RowDeltas is the number of rows above which only the changed rows of a table are asked for: see deltas.go. It is
	// how many rows come with one request. 0 means that all rows of all tables are asked for.
	RowDeltas int64
	// Blobs fetches images and attachments. It is needed with Selection.Files alone.
	Blobs *blob.Fetcher
}

// New makes a tree of Coda's docs. It sends nothing. The caller must close it.
func New(api API, store fs.Store, o Options) *remote.Tree {
	s := &docs{api: api, sel: o.Select, rowDeltas: o.RowDeltas, blobs: o.Blobs}
	s.pages, s.tables = s.pageLists(), s.tableLists()
	s.table, s.columns = s.tableInfos(), s.columnLists()
	s.formulas, s.controls, s.permissions, s.files = s.formulaLists(), s.controlLists(), s.permissionLists(), s.fileLists()
	s.t = remote.New(s, store, o.Options)
	return s.t
}

// doc is a handle of a doc of the tree. It is made when it is needed and holds no list: whoever has it asks for the current
// ones. What must fit together is read from one set of lists, which one call of Current returns.
type doc struct {
	*remote.Unit
	s *docs
}

// Layout implements [remote.Source].
func (s *docs) Layout() remote.Layout {
	return remote.Layout{Service: "Coda", Unit: "doc", Units: "docs", Top: "docs", Kind: fs.KindDoc, File: "doc.json", Empty: s.sel.WhyEmpty()}
}

// itemOf is a doc as the tree keeps it. Its JSON is what doc.json shows, so a refresh makes that file anew without a request.
func itemOf(d coda.Doc) remote.Item {
	return remote.Item{ID: d.ID, Title: d.Name, URL: d.BrowserLink, CreatedAt: d.CreatedAt.Time, Stamp: d.UpdatedAt.Time, JSON: d.Raw, Value: d}
}

// docOf is the doc as it was listed; of some only the id is known.
func docOf(i remote.Item) coda.Doc {
	if d, ok := i.Value.(coda.Doc); ok {
		return d
	}
	return coda.Doc{ID: i.ID}
}

// mapped returns f of each element, in their order.
func mapped[A, B any](all []A, f func(A) B) []B {
	out := make([]B, len(all))
	for i, a := range all {
		out[i] = f(a)
	}
	return out
}

// Decode implements [remote.Source]. It reads lists that earlier versions stored, too.
func (s *docs) Decode(b []byte) ([]remote.Item, error) {
	all, err := coda.DecodeList[coda.Doc](b)
	return mapped(all, itemOf), err
}

// Names implements [remote.Source]: each doc's folder is named by the doc's title and id.
func (s *docs) Names(items []remote.Item) []string {
	return fs.UniqueStems(s.sel.Names, mapped(items, func(i remote.Item) fs.Named { return fs.NameOf(i.Title, i.ID, "") }))
}

// Selects implements [remote.Source].
func (s *docs) Selects(selector string, i remote.Item) bool {
	return codapick.Matches(selector, docOf(i))
}

// Background implements [remote.Source]. Such requests go after all others of the account, of other processes too.
func (s *docs) Background(ctx context.Context, wanted <-chan struct{}) context.Context {
	if wanted == nil {
		return rate.Background(ctx)
	}
	return rate.BackgroundUntil(ctx, wanted)
}

// CodeOversized marks a doc that is too large for the service's API (docSize.overApiSizeLimit). Such a doc has its doc.json
// alone; its lists are not asked for, since what the API answers then is not known.
const CodeOversized = "over_api_size_limit"

// Describe implements [remote.Source]. The codes are promised: programs read them in errors.jsonl and in manifests.
func (s *docs) Describe(err error, f *fs.Failure) {
	e, ok := errors.AsType[*rest.Error](err)
	switch {
	case ok:
		f.Code, f.HTTPStatus, f.Attempts, f.Message = string(e.Code), e.Status, e.Attempts, e.Error()
	case errors.Is(err, errOversized):
		f.Code = CodeOversized
	case errors.Is(err, errNoHTML):
		f.Code = string(coda.CodeExportRefused)
	}
}

// Class implements [remote.Source]. A 403 is about the object alone, a 401 about the token: it ends all work. What is
// neither may pass.
func (s *docs) Class(err error) remote.Class {
	switch code := rest.CodeOf(err); {
	case code == rest.CodeForbidden, errors.Is(err, errOversized):
		return remote.ClassRefused
	case code == rest.CodeUnauthorized:
		return remote.ClassToken
	case code == rest.CodeOffline:
		return remote.ClassOffline
	case code == coda.CodeListMoved:
		return remote.ClassMoved
	}
	return remote.ClassOther
}

// refused reports whether the service does not show an object to this token. Other objects may well be shown.
func (s *docs) refused(err error) bool { return s.Class(err) == remote.ClassRefused }

// notExist reports whether the service said that there is no such object (404, 410), or a list lacks it.
func notExist(err error) bool { return errors.Is(err, iofs.ErrNotExist) }

// docNames are the names in a doc's folder, in the order in which it is listed. Entry knows what each of them is.
var docNames = []string{"doc.json", "pages.json", "tables.json", "formulas.json", "controls.json", "permissions.json", codatext.FilesList, "pages", "tables", codatext.FilesFolder}

// Entries implements [remote.Source]. It makes all entries of the doc's folder. It loads the lists in parallel: each takes
// about a second.
func (s *docs) Entries(ctx context.Context, u *remote.Unit) (*remote.Entries, error) {
	found := make([]fs.Node, len(docNames))
	err := s.t.Parallel(ctx, len(docNames), func(ctx context.Context, i int) (err error) {
		if found[i], err = s.Entry(ctx, u, docNames[i]); notExist(err) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return remote.NewEntries(slices.DeleteFunc(found, func(n fs.Node) bool { return n == nil })...), nil
}

// Entry implements [remote.Source]. It makes one entry, and loads only the list that it needs. If the service refuses that
// list, or the entry would be an empty folder, the error is ErrNotExist. If the list fails otherwise, the entry exists, and
// fails when it is opened. The only other error is that of ctx.
func (s *docs) Entry(ctx context.Context, u *remote.Unit, name string) (n fs.Node, err error) {
	d, l, empty := doc{u, s}, u.Current(), false
	switch name {
	case "doc.json":
		n = u.NewShownFile(name, "", d.Object(fs.KindDoc, "doc"), d.docJSON)
	case "pages.json":
		n = u.NewShownFile(name, "", d.Object(fs.KindPages, "doc"), d.pagesJSON)
		_, err = s.pageList(ctx, l)
	case "tables.json":
		n = u.NewShownFile(name, "", d.Object(fs.KindTables, "doc"), d.tablesJSON)
		_, err = s.tableList(ctx, l)
	case "pages":
		var pages *pageList
		n = d.pagesFolder()
		pages, err = s.pageList(ctx, l)
		empty = err == nil && len(pages.Root.Children) == 0
	case "tables":
		var tables *tableList
		n = d.tablesFolder()
		tables, err = s.tableList(ctx, l)
		empty = err == nil && len(tables.tables) == 0
	case codatext.FilesList, codatext.FilesFolder:
		if empty = !s.sel.Files; empty {
			break
		}
		n = d.filesFolder()
		if name == codatext.FilesList {
			n = u.NewShownFile(name, "", d.Object(fs.KindFiles, "doc"), d.filesJSON)
		}
		_, err = s.pageList(ctx, l)
	default:
		o, ok := objectFiles[name]
		if !ok {
			return nil, iofs.ErrNotExist
		}
		n = o.file(d, name)
		_, err = o.list(s, ctx, l)
		empty = o.withheld(s, err)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case s.refused(err):
		s.t.NoteGaps(d.refusals(name, err))
		return nil, iofs.ErrNotExist
	case empty:
		return nil, iofs.ErrNotExist
	}
	return n, nil
}

// refusals returns the failures to report if an entry is left out because the service refuses its list. The smaller
// objects are no failure: see objectFiles.
func (d doc) refusals(name string, err error) []fs.Failure {
	path := d.Path()
	switch {
	case errors.Is(err, errOversized):
		return []fs.Failure{d.s.t.FailureOf(err, d.Object(fs.KindDoc, "doc"), path)}
	case name == "pages", name == "pages.json":
		return []fs.Failure{d.s.t.FailureOf(err, d.Object(fs.KindPages, "doc"), path+"/pages.json")}
	case name == "tables", name == "tables.json":
		return []fs.Failure{d.s.t.FailureOf(err, d.Object(fs.KindTables, "doc"), path+"/tables.json")}
	}
	return nil
}

// docJSON returns the content of doc.json. It comes from the list of docs and costs no request.
func (d doc) docJSON(context.Context) (*load.Shown, time.Time, error) {
	i := d.Item()
	var b bytes.Buffer
	err := render.JSON(&b, i.JSON)
	return load.NewShown(b.Bytes()), i.Stamp, err
}

// pagesJSON returns the content of pages.json. Its bytes are those of the list as the store has it, in memory once.
func (d doc) pagesJSON(ctx context.Context) (*load.Shown, time.Time, error) {
	l := d.Current()
	pages, err := d.s.pageList(ctx, l)
	if err != nil {
		return nil, time.Time{}, err
	}
	return pages.json, l.Item.Stamp, nil
}

// tablesJSON returns the content of tables.json.
func (d doc) tablesJSON(ctx context.Context) (*load.Shown, time.Time, error) {
	l := d.Current()
	tables, err := d.s.tableList(ctx, l)
	if err != nil {
		return nil, time.Time{}, err
	}
	return tables.json, l.Item.Stamp, nil
}

// Ordered implements [remote.Orderer]. A list that was not loaded has no order.
func (s *docs) Ordered(u *remote.Unit, kind fs.Kind) (top []fs.Node, below func(fs.Dir) []fs.Node) {
	d, l := doc{u, s}, u.Current()
	switch kind {
	case fs.KindPage, fs.KindPageHTML:
		if pages, ok := s.pages.Known(l, ""); ok {
			return pages.entries(d, pages.Root).Nodes, func(f fs.Dir) []fs.Node {
				return pages.entries(d, pages.Page(f.Object().ID)).Nodes
			}
		}
	case fs.KindRows, fs.KindRowsJSON:
		if tables, ok := s.tables.Known(l, ""); ok {
			in := map[string]func(coda.Table) bool{"table": isBase, "view": isView}
			return []fs.Node{d.tableKind("table", isBase), d.tableKind("view", isView)}, func(f fs.Dir) []fs.Node {
				return tables.entries(d, f.Name(), in[f.Name()]).Nodes
			}
		}
	}
	return nil, nil
}
