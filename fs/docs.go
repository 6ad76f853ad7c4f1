package fs

import (
	"bytes"
	"context"
	"errors"
	iofs "io/fs"
	"iter"
	"slices"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs/render"
)

// API has the requests that the tree needs. *coda.Client implements it. A list that breaks off ends with an error.
type API interface {
	WhoAmI(ctx context.Context) (coda.User, error)
	Docs(ctx context.Context, f coda.DocFilter) iter.Seq2[coda.Doc, error]
	Doc(ctx context.Context, docID string) (coda.Doc, error)
	Pages(ctx context.Context, docID string) iter.Seq2[coda.Page, error]
	Tables(ctx context.Context, docID string) iter.Seq2[coda.Table, error]
	Table(ctx context.Context, docID, tableID string) (coda.Table, error)
	Columns(ctx context.Context, docID, tableID string) iter.Seq2[coda.Column, error]
	Rows(ctx context.Context, docID, tableID string, o coda.RowOptions) iter.Seq2[coda.Row, error]
	RowChanges(ctx context.Context, docID, tableID string, o coda.RowOptions, since string) (rows iter.Seq2[coda.Row, error], next func() string)
	Formulas(ctx context.Context, docID string) iter.Seq2[coda.Formula, error]
	Formula(ctx context.Context, docID, id string) (coda.Formula, error)
	Controls(ctx context.Context, docID string) iter.Seq2[coda.Control, error]
	Control(ctx context.Context, docID, id string) (coda.Control, error)
	Permissions(ctx context.Context, docID string) iter.Seq2[coda.Permission, error]
	Lines(ctx context.Context, docID, pageID string) iter.Seq2[coda.Line, error]
	ExportPage(ctx context.Context, docID, pageID string, f coda.Format) ([]byte, error)
}

// docs is Coda's docs as the units of a tree. It implements source, and prober in exports.go.
type docs struct {
	t         *Tree
	api       API
	sel       Selection
	rowDeltas int64
	exports   exports

	pages       list[*pageList]
	tables      list[*tableList]
	table       list[tableInfo]  // one table's own object, by its id
	columns     list[columnList] // of one table, by its id
	formulas    list[objectList]
	controls    list[objectList]
	permissions list[objectList]
}

// New makes a tree of Coda's docs. It sends nothing. The caller must close it.
func New(api API, store Store, o Options) *Tree {
	s := &docs{api: api, sel: o.Select, rowDeltas: o.RowDeltas}
	s.pages, s.tables = s.pageLists(), s.tableLists()
	s.table, s.columns = s.tableInfos(), s.columnLists()
	s.formulas, s.controls, s.permissions = s.formulaLists(), s.controlLists(), s.permissionLists()
	s.t = newTree(s, store, o)
	return s.t
}

// doc is a handle of a doc of the tree.
type doc struct {
	*unit
	s *docs
}

func (s *docs) layout() layout {
	return layout{service: "Coda", unit: "doc", units: "docs", top: "docs", kind: KindDoc, file: "doc.json", empty: whyEmpty(s.sel)}
}

func itemOf(d coda.Doc) item {
	return item{id: d.ID, title: d.Name, url: d.BrowserLink, created: d.CreatedAt.Time, stamp: d.UpdatedAt.Time, json: d.Raw, value: d}
}

// docOf is the doc as it was listed; of some only the id is known.
func docOf(i item) coda.Doc {
	if d, ok := i.value.(coda.Doc); ok {
		return d
	}
	return coda.Doc{ID: i.id}
}

func mapped[A, B any](all []A, f func(A) B) []B {
	out := make([]B, len(all))
	for i, a := range all {
		out[i] = f(a)
	}
	return out
}

func (s *docs) decode(b []byte) ([]item, error) {
	all, err := coda.DecodeList[coda.Doc](b)
	return mapped(all, itemOf), err
}

func (s *docs) names(items []item) []string {
	return uniqueStems(s.sel.Names, mapped(items, func(i item) named { return nameObject(i.title, i.id, "") }))
}

func (s *docs) selects(selector string, i item) bool { return matches(selector, docOf(i)) }

func (s *docs) background(ctx context.Context, wanted <-chan struct{}) context.Context {
	if wanted == nil {
		return rate.Background(ctx)
	}
	return rate.BackgroundUntil(ctx, wanted)
}

// CodeOversized marks a doc that is too large for the service's API.
const CodeOversized = "over_api_size_limit"

func (s *docs) describe(err error, f *Failure) {
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

func (s *docs) class(err error) class {
	switch code := rest.CodeOf(err); {
	case code == rest.CodeForbidden, errors.Is(err, errOversized):
		return classRefused
	case code == rest.CodeUnauthorized:
		return classToken
	case code == rest.CodeOffline:
		return classOffline
	case code == coda.CodeListMoved:
		return classMoved
	}
	return classOther
}

func (s *docs) refused(err error) bool { return s.class(err) == classRefused }

func notExist(err error) bool { return errors.Is(err, iofs.ErrNotExist) }

// docNames are the names in a doc's folder, in order.
var docNames = []string{"doc.json", "pages.json", "tables.json", "formulas.json", "controls.json", "permissions.json", "pages", "tables"}

// entries makes all entries of the doc's folder. It loads the lists in parallel: each takes about a second.
func (s *docs) entries(ctx context.Context, u *unit) (*folderEntries, error) {
	found := make([]Node, len(docNames))
	err := s.t.parallel(ctx, len(docNames), func(ctx context.Context, i int) (err error) {
		if found[i], err = s.entry(ctx, u, docNames[i]); notExist(err) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return newFolderEntries(slices.DeleteFunc(found, func(n Node) bool { return n == nil })...), nil
}

// entry makes one entry, and loads only the list that it needs. If the service refuses that list, or the entry would be
// an empty folder, the error is ErrNotExist. If the list fails otherwise, the entry exists, and fails when it is
// opened. The only other error is that of ctx.
func (s *docs) entry(ctx context.Context, u *unit, name string) (n Node, err error) {
	d, l, empty := doc{u, s}, u.current(), false
	switch name {
	case "doc.json":
		n = newJSON(u, name, "", d.object(KindDoc, "doc"), d.docJSON)
	case "pages.json":
		n = newJSON(u, name, "", d.object(KindPages, "doc"), d.pagesJSON)
		_, err = s.pageList(ctx, l)
	case "tables.json":
		n = newJSON(u, name, "", d.object(KindTables, "doc"), d.tablesJSON)
		_, err = s.tableList(ctx, l)
	case "pages":
		var pages *pageList
		n = d.pagesFolder()
		pages, err = s.pageList(ctx, l)
		empty = err == nil && len(pages.root.children) == 0
	case "tables":
		var tables *tableList
		n = d.tablesFolder()
		tables, err = s.tableList(ctx, l)
		empty = err == nil && len(tables.tables) == 0
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
		s.t.noteGaps(d.refusals(name, err))
		return nil, iofs.ErrNotExist
	case empty:
		return nil, iofs.ErrNotExist
	}
	return n, nil
}

// refusals returns the failures to report if an entry is left out because the service refuses its list. The smaller
// objects are no failure: see objectFiles.
func (d doc) refusals(name string, err error) []Failure {
	path := d.path()
	switch {
	case errors.Is(err, errOversized):
		return []Failure{d.t.FailureOf(err, d.object(KindDoc, "doc"), path)}
	case name == "pages", name == "pages.json":
		return []Failure{d.t.FailureOf(err, d.object(KindPages, "doc"), path+"/pages.json")}
	case name == "tables", name == "tables.json":
		return []Failure{d.t.FailureOf(err, d.object(KindTables, "doc"), path+"/tables.json")}
	}
	return nil
}

// docJSON returns the content of doc.json. It comes from the list of docs and costs no request.
func (d doc) docJSON(context.Context) (*shown, time.Time, error) {
	i := d.item()
	var b bytes.Buffer
	err := render.JSON(&b, i.json)
	return &shown{bytes: b.Bytes()}, i.stamp, err
}

func (d doc) pagesJSON(ctx context.Context) (*shown, time.Time, error) {
	l := d.current()
	pages, err := d.s.pageList(ctx, l)
	if err != nil {
		return nil, time.Time{}, err
	}
	return pages.json, l.meta.stamp, nil
}

func (d doc) tablesJSON(ctx context.Context) (*shown, time.Time, error) {
	l := d.current()
	tables, err := d.s.tableList(ctx, l)
	if err != nil {
		return nil, time.Time{}, err
	}
	return tables.json, l.meta.stamp, nil
}
