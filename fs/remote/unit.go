package remote

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote/readahead"
)

// Unit is a unit of the tree, for as long as the list of units names it. Its item, name and lists are replaced when the unit moves,
// so a source asks for them each time ([Unit.Item], [Unit.Path], [Unit.Current]), and keeps none.
type Unit struct {
	t  *Tree
	ID string
	seenFiles

	mu    sync.Mutex // guards all below
	meta  Item
	name  string // of its folder
	lists *Lists
	// series has the series of the files that are fetched ahead of their readers.
	series map[fs.Kind]*readahead.Series
}

// seenFiles has the last versions of those files of a unit whose bytes come with its lists, by sizeKey.
type seenFiles struct {
	seenMu sync.Mutex // guards seen
	seen   map[string]memo
}

func (u *Unit) setItem(i Item) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.meta = i
}

// Item is the unit as it was last listed.
func (u *Unit) Item() Item {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.meta
}

func (u *Unit) setName(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.name = name
}

func (u *Unit) getName() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.name
}

// Path is the path of the unit's folder, from the root.
func (u *Unit) Path() string { return u.t.src.Layout().Top + "/" + u.getName() }

func (u *Unit) modTime() time.Time { return u.Item().Stamp }

// Key returns a key of this unit for the Store. It has the account in it, so that two accounts never share a content, which one
// of them might not be allowed to see.
func (u *Unit) Key(kind, id, version string) string {
	return strings.Join([]string{u.t.opts.Account, kind, u.ID, id, version}, "/")
}

// Current returns the lists for the unit's present stamp. It sends nothing: a list is loaded when it is first asked
// for.
func (u *Unit) Current() *Lists {
	u.mu.Lock()
	defer u.mu.Unlock()
	if key := u.listsKey(); u.lists == nil || u.lists.key != key {
		older := u.lists
		u.lists = newLists(u, key, u.meta, false)
		u.lists.older = older.withoutOlder(u)
	}
	return u.lists
}

// listsKey hashes the unit's id and stamp. A young stamp has a key of its own, so that the lists are fetched once more
// when it has settled. u.mu is held.
func (u *Unit) listsKey() string {
	v := fs.NewVersionHash("listing")
	v.Add(u.ID, u.meta.Stamp)
	return v.Version(u.t.opts.Now()).Key
}

// withoutOlder returns l without its own older lists, which are no longer needed. If l is nil, it returns new lists,
// which look into the Store for what was last known.
func (l *Lists) withoutOlder(u *Unit) *Lists {
	if l == nil {
		return newLists(u, "", u.meta, false)
	}
	l.older.drop()
	l.older = nil
	return l
}

// relist copies u with empty lists, so that each list is fetched again. If a fetch fails, the tree goes on with
// the lists of u.
func (u *Unit) relist() *Unit {
	u.mu.Lock()
	defer u.mu.Unlock()
	f := &Unit{t: u.t, ID: u.ID, meta: u.meta, name: u.name}
	f.lists = newLists(f, f.listsKey(), f.meta, true)
	return f
}

// replaceLists gives u new lists, which are read from the Store, where the walk of f has put them. Lists without a
// stamp are not read from the Store, so they are taken from f.
func (u *Unit) replaceLists(f *Unit) {
	u.mu.Lock()
	defer u.mu.Unlock()
	older := u.lists
	u.lists = newLists(u, u.listsKey(), u.meta, false)
	u.lists.older = older.withoutOlder(u)
	u.lists.takeUnstamped(f.lists)
}

// folder makes the unit's folder under a name.
func (u *Unit) folder(name string) *Folder {
	obj := u.Object(fs.KindFolder, u.t.src.Layout().Unit)
	return &Folder{
		Called: name, Of: &obj,
		Path: u.Path, Changed: u.modTime, Failed: u.t.Failed,
		List: func(ctx context.Context) (*Entries, error) { return u.t.src.Entries(ctx, u) },
		Find: func(ctx context.Context, name string) (fs.Node, error) { return u.t.src.Entry(ctx, u, name) },
	}
}

// NewFolder makes a folder of the unit; rel is its path below the unit's.
func (u *Unit) NewFolder(name, rel string, obj *fs.Object, list func(ctx context.Context) (*Entries, error)) *Folder {
	return &Folder{
		Called: name, Of: obj,
		Path: func() string { return u.Path() + "/" + rel }, Changed: u.modTime, Failed: u.t.Failed,
		List: list,
	}
}

// Object describes the unit, or one of its lists.
func (u *Unit) Object(kind fs.Kind, typ string) fs.Object {
	i := u.Item()
	return fs.Object{Kind: kind, Type: typ, DocID: u.ID, ID: u.ID, Title: i.Title, URL: i.URL, CreatedAt: i.CreatedAt, UpdatedAt: i.Stamp}
}
