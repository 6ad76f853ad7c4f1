package remote

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/render"
)

// Refresh lists the units again. If that fails, all stays as it was known. Refreshes run one after the other, so that
// none brings back what a later one has replaced.
func (t *Tree) Refresh(ctx context.Context) error {
	select {
	case <-t.turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { t.turn <- struct{}{} }()
	l, err := t.readUnits(ctx)
	if err != nil {
		t.setDown(ctx, err)
		return err
	}
	moved := t.take(l)
	t.setNotes(l.Notes)
	t.warnOfUnits(l)
	for _, id := range moved {
		t.changed(id)
	}
	now := t.opts.Now()
	if len(moved) == 0 && now.Sub(t.storedAt) < rememberEvery {
		return nil
	}
	t.storedAt = now
	return t.remember(ctx, l.Items)
}

// rememberEvery is how often an unchanged list of units is stored again, so that a later run can tell how old it is.
const rememberEvery = 10 * time.Minute

// setNotes stores notes about the list of units; a new note is reported once.
func (t *Tree) setNotes(notes []string) {
	t.mu.Lock()
	known := t.notes
	t.notes = notes
	t.mu.Unlock()
	for _, n := range notes {
		if !slices.Contains(known, n) {
			t.Notice(n)
		}
	}
}

// Notice tells the owner of the tree what is to know about the whole workspace.
func (t *Tree) Notice(text string) {
	if t.opts.Notice != nil {
		t.opts.Notice(text)
	}
}

// Others returns the units but one.
func (t *Tree) Others(id string) []*Unit {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.units), func(u *Unit) bool { return u.ID == id })
}

// setDown records that the service could not be asked.
func (t *Tree) setDown(ctx context.Context, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() == nil {
		t.down = err
	}
}

// IsDown implements [readahead.Owner]. It reports whether the last refresh failed.
func (t *Tree) IsDown() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.down != nil
}

// take takes over a list of units, and returns those that may show something else now. Units that were young at the
// last listing are among them: their versions settle without a new stamp.
func (t *Tree) take(l Listing) (moved []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	type state struct {
		name  string
		stamp time.Time
		raw   string // the unit's own file shows all of it, and some of it has no stamp
	}
	stateOf := func(u *Unit) state {
		i := u.Item()
		return state{u.getName(), i.Stamp, string(i.JSON)}
	}
	old := map[string]state{}
	for _, u := range t.units {
		old[u.ID] = stateOf(u)
	}
	last, now := t.listedAt, t.opts.Now()
	t.down, t.expected = nil, l.unsure
	t.set(l.Items, l.Gaps, now)
	list := len(old) != len(t.units)
	for _, u := range t.units {
		is := stateOf(u)
		was, known := old[u.ID]
		list = list || !known || was.name != is.name
		if was != is || last.Sub(is.stamp) < fs.Youth {
			moved = append(moved, u.ID)
		}
	}
	if list || last.IsZero() {
		moved = append(moved, "")
	}
	return moved
}

// known returns the units of the last listing.
func (t *Tree) known() []Item {
	t.mu.Lock()
	defer t.mu.Unlock()
	items := make([]Item, len(t.units))
	for i, u := range t.units {
		items[i] = u.Item()
	}
	return items
}

// set builds the tree from a list of units. t.mu is held.
func (t *Tree) set(items []Item, gaps []fs.Failure, at time.Time) {
	old := t.byID
	t.units, t.byID, t.gaps, t.listedAt = nil, map[string]*Unit{}, gaps, at
	for _, i := range items {
		if !fs.ValidID(i.ID) {
			t.gaps = append(t.gaps, BadID("", i.ID, i.Title, t.src.Layout().Kind))
			continue
		}
		if t.byID[i.ID] != nil {
			continue // a list that changes while it is read may name an item twice
		}
		u := old[i.ID]
		if u == nil {
			u = &Unit{t: t, ID: i.ID}
		}
		u.setItem(i)
		t.byID[i.ID] = u
		t.units = append(t.units, u)
	}
	for id, u := range old {
		if t.byID[id] == nil {
			u.mu.Lock()
			u.lists.drop()
			u.mu.Unlock()
		}
	}
	t.NoteGaps(t.gaps)
	t.name()
}

// name names the folders of the units, and builds the folder that has them. t.mu is held.
func (t *Tree) name() {
	items := make([]Item, len(t.units))
	for i, u := range t.units {
		items[i] = u.Item()
	}
	nodes := make([]fs.Node, len(items))
	for i, name := range t.src.Names(items) {
		t.units[i].setName(name)
		nodes[i] = t.units[i].folder(name)
	}
	t.folder = NewEntries(nodes...)
}

// unitEntries returns the folders of the units. If the units were never listed, it lists them; if that takes long or fails,
// it returns those of an earlier run.
func (t *Tree) unitEntries(ctx context.Context) (*Entries, error) {
	if e := t.unitsFolder(); e != nil {
		return e, nil
	}
	list := func(ctx context.Context) (*Entries, error) {
		if err := t.Refresh(ctx); err != nil {
			return nil, err
		}
		return t.unitsFolder(), nil
	}
	failed := func(ctx context.Context, err error) { t.Failed(ctx, err, fs.Object{Kind: t.src.Layout().Kind}, "") }
	return load.OrStale(ctx, t, t.first, list, t.recall, func() {}, failed)
}

// awaitUnits waits for the units to be listed for the first time. If they do not come, nobody waits again: whatever looks
// at the mountpoint would hang each time.
func (t *Tree) awaitUnits(ctx context.Context) {
	if t.unitsFolder() != nil || t.noUnits.Load() {
		return
	}
	listed, cancel := context.WithTimeout(ctx, load.Patience)
	defer cancel()
	_, err := t.unitEntries(listed)
	if err != nil {
		_, err = t.recall(ctx)
	}
	t.noUnits.Store(err != nil)
}

// unitsFolder returns the folders of the units as last listed, nil if they never were.
func (t *Tree) unitsFolder() *Entries {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.folder
}

// ModTime is the newest stamp of all units.
func (t *Tree) ModTime() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	var newest time.Time
	for _, u := range t.units {
		if at := u.modTime(); at.After(newest) {
			newest = at
		}
	}
	return newest
}

// changed tells the owner that a unit may show something else now; "" is the list of units.
func (t *Tree) changed(id string) {
	if t.opts.Changed != nil {
		t.opts.Changed(id)
	}
}

// remember stores the list of units for times when the service is down.
func (t *Tree) remember(ctx context.Context, items []Item) error {
	c, err := t.store.Put(ctx, t.listKeys()[0], func(_ context.Context, w io.Writer) error {
		a := render.NewArray(w)
		for _, i := range items {
			if err := a.Add(i.JSON); err != nil {
				return err
			}
		}
		return a.Close()
	})
	if err != nil {
		return err
	}
	return c.Close()
}

// listKeys are the Store's keys of the list of units, the present one first.
func (t *Tree) listKeys() []string {
	keys := slices.Clone(t.src.ListKeys())
	for i := range keys {
		keys[i] = t.opts.Account + "/" + keys[i]
	}
	return keys
}

// recall takes over the remembered list of units, unless they were listed meanwhile.
func (t *Tree) recall(ctx context.Context) (*Entries, error) {
	items, listed, err := t.lastListing(ctx)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.folder == nil {
		t.set(items, nil, time.Time{})
		t.recalled = listed
	}
	return t.folder, nil
}

// lastListing returns the remembered list of units, and when it was listed.
func (t *Tree) lastListing(ctx context.Context) (items []Item, listed time.Time, err error) {
	for _, key := range t.listKeys() {
		c, ok := t.store.Lookup(ctx, key)
		if !ok {
			continue
		}
		b, err := fs.ReadAll(c)
		if err != nil {
			return nil, listed, err
		}
		listed, _ = t.store.Filled(key)
		items, err = t.src.Decode(b)
		return items, listed, err
	}
	return nil, listed, errUnknown
}
