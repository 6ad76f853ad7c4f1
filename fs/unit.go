package fs

import (
	"context"
	"strings"
	"sync"
	"time"
)

// unit is a unit of the tree, for as long as the list of units names it.
type unit struct {
	t  *Tree
	id string
	// sizes has the size of the version last opened, by sizeKey of the file. Estimates are made from it.
	sizes sync.Map
	// histories has what was opened lately; guarded by readAhead.mu.
	histories map[Kind]*openHistory
	seenFiles

	mu    sync.Mutex // guards all below
	meta  item
	name  string // of its folder
	lists *lists
}

// seenFiles has the last versions of those files of a unit whose bytes come with its lists, by sizeKey.
type seenFiles struct {
	seenMu sync.Mutex // guards seen
	seen   map[string]memo
}

func (u *unit) setItem(i item) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.meta = i
}

// item is the unit as it was last listed.
func (u *unit) item() item {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.meta
}

func (u *unit) setName(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.name = name
}

func (u *unit) getName() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.name
}

// path is the path of the unit's folder, from the root.
func (u *unit) path() string { return u.t.src.layout().top + "/" + u.getName() }

func (u *unit) modTime() time.Time { return u.item().stamp }

// key returns a key of this unit for the Store.
func (u *unit) key(kind, id, version string) string {
	return strings.Join([]string{u.t.opts.Account, kind, u.id, id, version}, "/")
}

// current returns the lists for the unit's present stamp. It sends nothing: a list is loaded when it is first asked
// for.
func (u *unit) current() *lists {
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
func (u *unit) listsKey() string {
	v := newVersionHash("listing")
	v.add(u.id, u.meta.stamp)
	return v.version(u.t.opts.Now()).Key
}

// withoutOlder returns l without its own older lists, which are no longer needed. If l is nil, it returns new lists,
// which look into the Store for what was last known.
func (l *lists) withoutOlder(u *unit) *lists {
	if l == nil {
		return newLists(u, "", u.meta, false)
	}
	l.older = nil
	return l
}

// relist copies u with empty lists, so that each list is fetched again. If a fetch fails, the tree goes on with
// the lists of u.
func (u *unit) relist() *unit {
	u.mu.Lock()
	defer u.mu.Unlock()
	f := &unit{t: u.t, id: u.id, meta: u.meta, name: u.name}
	f.lists = newLists(f, f.listsKey(), f.meta, true)
	return f
}

// replaceLists gives u new lists, which are read from the Store, where the walk of f has put them. Lists without a
// stamp are not read from the Store, so they are taken from f.
func (u *unit) replaceLists(f *unit) {
	u.mu.Lock()
	defer u.mu.Unlock()
	older := u.lists
	u.lists = newLists(u, u.listsKey(), u.meta, false)
	u.lists.older = older.withoutOlder(u)
	u.lists.takeUnstamped(f.lists)
}

// folder makes the unit's folder under a name.
func (u *unit) folder(name string) *folder {
	return &folder{
		t: u.t, name: name, obj: u.object(KindFolder, u.t.src.layout().unit),
		path:    u.path,
		modTime: u.modTime,
		list:    func(ctx context.Context) (*folderEntries, error) { return u.t.src.entries(ctx, u) },
		find:    func(ctx context.Context, name string) (Node, error) { return u.t.src.entry(ctx, u, name) },
	}
}

// newFolder makes a folder of the unit; rel is its path below the unit's.
func (u *unit) newFolder(name, rel string, obj Object, list func(ctx context.Context) (*folderEntries, error)) *folder {
	return &folder{
		t: u.t, name: name, obj: obj,
		path:    func() string { return u.path() + "/" + rel },
		modTime: u.modTime,
		list:    list,
	}
}

// object describes the unit, or one of its lists.
func (u *unit) object(kind Kind, typ string) Object {
	i := u.item()
	return Object{Kind: kind, Type: typ, DocID: u.id, ID: u.id, Title: i.title, URL: i.url, CreatedAt: i.created, UpdatedAt: i.stamp}
}
