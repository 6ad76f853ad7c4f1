package fs

import (
	"bytes"
	"context"
	"errors"
	iofs "io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/codafs/codafs/coda"
)

// doc is a doc of the tree, for as long as the list of docs names it.
type doc struct {
	t  *Tree
	id string
	// sizes has the size of the version last opened, by sizeKey of the file. Estimates are made from it.
	sizes sync.Map
	// histories has what was opened lately; guarded by readAhead.mu.
	histories map[Kind]*openHistory
	seenFiles

	mu    sync.Mutex // guards all below
	meta  coda.Doc
	name  string // of its folder
	lists *docLists
}

// seenFiles has the last versions of those files of a doc whose bytes come with its lists, by sizeKey.
type seenFiles struct {
	seenMu sync.Mutex // guards seen
	seen   map[string]memo
}

func (d *doc) setMeta(m coda.Doc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.meta = m
}

func (d *doc) getMeta() coda.Doc {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.meta
}

func (d *doc) setName(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.name = name
}

func (d *doc) getName() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.name
}

// path is the path of the doc's folder, from the root.
func (d *doc) path() string { return "docs/" + d.getName() }

func (d *doc) modTime() time.Time { return d.getMeta().UpdatedAt.Time }

// key returns a key of this doc for the Store.
func (d *doc) key(kind, id, version string) string {
	return strings.Join([]string{d.t.opts.Account, kind, d.id, id, version}, "/")
}

// current returns the lists for the doc's present stamp. It sends nothing: a list is loaded when it is first asked
// for.
func (d *doc) current() *docLists {
	d.mu.Lock()
	defer d.mu.Unlock()
	if key := d.listsKey(); d.lists == nil || d.lists.key != key {
		older := d.lists
		d.lists = newDocLists(d, key, d.meta, false)
		d.lists.older = older.withoutOlder(d)
	}
	return d.lists
}

// listsKey hashes the doc's id and stamp. A young stamp has a key of its own, so that the lists are fetched once more
// when it has settled. d.mu is held.
func (d *doc) listsKey() string {
	v := newVersionHash("listing")
	v.add(d.id, d.meta.UpdatedAt.Time)
	return v.version(d.t.opts.Now()).Key
}

// withoutOlder returns l without its own older lists, which are no longer needed. If l is nil, it returns new lists,
// which look into the Store for what was last known.
func (l *docLists) withoutOlder(d *doc) *docLists {
	if l == nil {
		return newDocLists(d, "", d.meta, false)
	}
	l.older = nil
	return l
}

// relist copies d with empty lists, so that each list is fetched again. If a fetch fails, the tree goes on with
// the lists of d.
func (d *doc) relist() *doc {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := &doc{t: d.t, id: d.id, meta: d.meta, name: d.name}
	f.lists = newDocLists(f, f.listsKey(), f.meta, true)
	return f
}

// replaceLists gives d new lists, which are read from the Store, where the walk of f has put them. Permissions are not
// read from the Store, so they are taken from f.
func (d *doc) replaceLists(f *doc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	older := d.lists
	d.lists = newDocLists(d, d.listsKey(), d.meta, false)
	d.lists.older = older.withoutOlder(d)
	permissions := f.lists.knownPermissions()
	if err := permissions.failure(); err == nil || objectFiles["permissions.json"].withheld(err) {
		d.lists.permissions, d.lists.permissionsAt = permissions, d.t.opts.Now()
	}
}

// folder makes the doc's folder under a name.
func (d *doc) folder(name string) *folder {
	return &folder{
		t: d.t, name: name, obj: d.object(KindFolder, "doc"),
		path:    d.path,
		modTime: d.modTime,
		list:    d.entries,
		find:    d.entry,
	}
}

// object describes the doc, or one of its lists.
func (d *doc) object(kind Kind, typ string) Object {
	m := d.getMeta()
	return Object{Kind: kind, Type: typ, DocID: d.id, ID: d.id, Title: m.Name, URL: m.BrowserLink,
		CreatedAt: m.CreatedAt.Time, UpdatedAt: m.UpdatedAt.Time}
}

// docNames are the names in a doc's folder, in order.
var docNames = []string{"doc.json", "pages.json", "tables.json", "formulas.json", "controls.json", "permissions.json", "pages", "tables"}

// entries makes all entries of the doc's folder. It loads the lists in parallel: each takes about a second.
func (d *doc) entries(ctx context.Context) (*folderEntries, error) {
	found := make([]Node, len(docNames))
	err := d.t.parallel(ctx, len(docNames), func(ctx context.Context, i int) (err error) {
		if found[i], err = d.entry(ctx, docNames[i]); notExist(err) {
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
func (d *doc) entry(ctx context.Context, name string) (n Node, err error) {
	l, empty := d.current(), false
	switch name {
	case "doc.json":
		n = newJSON(d, name, "", d.object(KindDoc, "doc"), d.docJSON)
	case "pages.json":
		n = newJSON(d, name, "", d.object(KindPages, "doc"), d.pagesJSON)
		_, err = l.pageList(ctx)
	case "tables.json":
		n = newJSON(d, name, "", d.object(KindTables, "doc"), d.tablesJSON)
		_, err = l.tableList(ctx)
	case "pages":
		var pages *pageList
		n = d.pagesFolder()
		pages, err = l.pageList(ctx)
		empty = err == nil && len(pages.root.children) == 0
	case "tables":
		var tables *tableList
		n = d.tablesFolder()
		tables, err = l.tableList(ctx)
		empty = err == nil && len(tables.tables) == 0
	default:
		o, ok := objectFiles[name]
		if !ok {
			return nil, iofs.ErrNotExist
		}
		n = o.file(d, name)
		_, err = o.list(l, ctx)
		empty = o.withheld(err)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case refused(err):
		d.t.noteGaps(d.refusals(name, err))
		return nil, iofs.ErrNotExist
	case empty:
		return nil, iofs.ErrNotExist
	}
	return n, nil
}

// refusals returns the failures to report if an entry is left out because the service refuses its list. The smaller
// objects are no failure: see objectFiles.
func (d *doc) refusals(name string, err error) []Failure {
	path := d.path()
	switch {
	case errors.Is(err, errOversized):
		return []Failure{FailureOf(err, d.object(KindDoc, "doc"), path)}
	case name == "pages", name == "pages.json":
		return []Failure{FailureOf(err, d.object(KindPages, "doc"), path+"/pages.json")}
	case name == "tables", name == "tables.json":
		return []Failure{FailureOf(err, d.object(KindTables, "doc"), path+"/tables.json")}
	}
	return nil
}

// docJSON returns the content of doc.json. It comes from the list of docs and costs no request.
func (d *doc) docJSON(context.Context) (*shown, time.Time, error) {
	m := d.getMeta()
	var b bytes.Buffer
	err := writeJSON(&b, m.Raw)
	return &shown{bytes: b.Bytes()}, m.UpdatedAt.Time, err
}

func (d *doc) pagesJSON(ctx context.Context) (*shown, time.Time, error) {
	l := d.current()
	pages, err := l.pageList(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	return pages.json, l.stamp, nil
}

func (d *doc) tablesJSON(ctx context.Context) (*shown, time.Time, error) {
	l := d.current()
	tables, err := l.tableList(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	return tables.json, l.stamp, nil
}
