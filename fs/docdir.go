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

// doc is a doc of the tree, for as long as the listings name it.
type doc struct {
	t  *Tree
	id string
	// sizes are those of the versions that were last opened, by file.
	sizes sync.Map
	// streams have what was opened lately; they belong to the tree's readAhead.
	streams map[Kind]*stream
	seenFiles

	mu      sync.Mutex // guards all below
	meta    coda.Doc
	name    string // of its folder
	listing *listing
}

// seenFiles has the versions of a doc's files whose bytes come with its lists, by file.
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

// path is the doc's folder, from the root.
func (d *doc) path() string { return "docs/" + d.getName() }

func (d *doc) modTime() time.Time { return d.getMeta().UpdatedAt.Time }

// key is a key for the Store.
func (d *doc) key(kind, id, version string) string {
	return strings.Join([]string{d.t.opts.Account, kind, d.id, id, version}, "/")
}

// current is what is known of the doc at its present stamp. It sends nothing: lists are
// loaded when they are asked for.
func (d *doc) current() *listing {
	d.mu.Lock()
	defer d.mu.Unlock()
	if key := d.listingKey(); d.listing == nil || d.listing.key != key {
		older := d.listing
		d.listing = newListing(d, key, d.meta, false)
		d.listing.older = older.orEmpty(d)
	}
	return d.listing
}

// listingKey is over the doc's stamp. The lists of a doc that moved a moment ago are young, and
// are asked for once more when they are not. d.mu is held.
func (d *doc) listingKey() string {
	v := newVersionHash("listing")
	v.add(d.id, d.meta.UpdatedAt.Time)
	return v.version(d.t.opts.Now()).Key
}

// orEmpty is l without what was known before it, which is of no use any more. Where nothing is
// known, it is a listing that finds out from the Store.
func (l *listing) orEmpty(d *doc) *listing {
	if l == nil {
		return newListing(d, "", d.meta, false)
	}
	l.older = nil
	return l
}

// afresh is the doc apart from the tree, with all lists to be asked for anew. Where one fails, the
// tree goes on with what it knows.
func (d *doc) afresh() *doc {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := &doc{t: d.t, id: d.id, meta: d.meta, name: d.name}
	f.listing = newListing(f, f.listingKey(), f.meta, true)
	return f
}

// adopt has the lists read again from the Store, where the walk of f has put newer ones. Permissions
// are not read from there, so they are taken over.
func (d *doc) adopt(f *doc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	older := d.listing
	d.listing = newListing(d, d.listingKey(), d.meta, false)
	d.listing.older = older.orEmpty(d)
	permissions := f.listing.knownPermissions()
	if err := permissions.failure(); err == nil || objectFiles["permissions.json"].withheld(err) {
		d.listing.permissions, d.listing.permissionsAt = permissions, d.t.opts.Now()
	}
}

// folder is the doc's, under the name that the doc has now.
func (d *doc) folder(name string) *folder {
	return &folder{
		t: d.t, name: name, obj: d.object(KindFolder, "doc"),
		path:    d.path,
		modTime: d.modTime,
		list:    d.entries,
		find:    d.entry,
	}
}

// object describes the doc, or a list in it, in the words of Object.
func (d *doc) object(kind Kind, typ string) Object {
	m := d.getMeta()
	return Object{Kind: kind, Type: typ, DocID: d.id, ID: d.id, Title: m.Name, URL: m.BrowserLink,
		CreatedAt: m.CreatedAt.Time, UpdatedAt: m.UpdatedAt.Time}
}

// docNames are the names in a doc's folder, in order.
var docNames = []string{"doc.json", "pages.json", "tables.json", "formulas.json", "controls.json", "permissions.json", "pages", "tables"}

// entries asks for all lists at once: they take a second each.
func (d *doc) entries(ctx context.Context) (*entries, error) {
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
	return newEntries(slices.DeleteFunc(found, func(n Node) bool { return n == nil })...), nil
}

// entry finds one name, and asks only for the list that it needs. What shows a list that the
// service refuses is not there, and neither are folders that would be empty; what shows one
// that fails otherwise is there, and fails when it is opened. The only error beside
// ErrNotExist is that of ctx.
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
		d.t.note(d.refusals(name, err))
		return nil, iofs.ErrNotExist
	case empty:
		return nil, iofs.ErrNotExist
	}
	return n, nil
}

// refusals names what is not there because the service refuses the list that name needs. The smaller
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
