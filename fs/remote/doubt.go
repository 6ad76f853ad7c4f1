package remote

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"maps"
	"slices"

	"github.com/codafs/codafs/fs"
)

// If the list of units lacks a known unit, it is asked for by its id before its name vanishes: programs such as
// rsync --delete believe what they see. The unit is gone if the service knows no such unit or refuses to show it. If it
// is there, the list was wrong, which is a warning. If the request fails otherwise, the unit stays as it was known, and
// a failure is reported. That all units are gone at once is not believed.

// expect records what the last snapshot had: see [fs.Held].
func (t *Tree) expect(units []string, odd []fs.Failure) {
	t.mu.Lock()
	expected := map[string]bool{}
	for _, id := range t.expected {
		expected[id] = true
	}
	for _, id := range units {
		if t.byID[id] == nil && !expected[id] {
			expected[id] = true
			t.expected = append(t.expected, id)
		}
	}
	t.mu.Unlock()
	if odd != nil {
		t.earlier.Replace(func(fs.Failure) bool { return true }, odd, t.opts.Now())
	}
}

// readUnits lists the units, a second time if the list changed while it was read.
func (t *Tree) readUnits(ctx context.Context) (l Listing, err error) {
	known := t.knownUnits(ctx)
	err = t.twice(func(try *Try) error {
		l, err = t.src.List(ctx, known, try)
		l.odd = try.Odd
		return err
	})
	if err != nil {
		return l, err
	}
	if err := t.askForLost(ctx, &l, known); err != nil {
		return l, err
	}
	if len(l.Items) == 0 && len(known) > 1 && t.unitsFolder() != nil {
		t.keepAll(&l, known)
	}
	if len(l.Items)+len(l.Gaps) == 0 {
		l.Notes = append(l.Notes, t.src.Layout().Empty)
	}
	return l, nil
}

// keepAll keeps all known units if the service shows none of them any more, neither in the list nor by id. A snapshot
// run has a guard of its own against this; programs that copy a mount believe what they see. A single unit may well have
// been deleted: the caller does not keep that.
func (t *Tree) keepAll(l *Listing, known []Item) {
	how := t.src.Layout()
	l.Items = known
	l.odd = append(l.odd, fs.Failure{Code: fs.CodeAllLost, Warning: true,
		Message: fmt.Sprintf("%s shows none of the %d %s any more; they stay as they were. If that is right, unmount and mount again", how.Service, len(known), how.Units)})
}

// knownUnits returns the units of the last listing, of this run or an earlier one. Of units that only a snapshot had, the
// id alone is known.
func (t *Tree) knownUnits(ctx context.Context) []Item {
	items := t.known()
	if t.unitsFolder() == nil {
		items, _, _ = t.lastListing(ctx) // on an error there are none
	}
	have := map[string]bool{}
	for _, i := range items {
		have[i.ID] = true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range t.expected {
		if !have[id] {
			items = append(items, Item{ID: id})
		}
	}
	return items
}

// askForLost asks for each known unit that the list lacks, several at a time.
func (t *Tree) askForLost(ctx context.Context, l *Listing, known []Item) error {
	listed := map[string]bool{}
	for _, i := range l.Items {
		listed[i.ID] = true
	}
	lost := slices.DeleteFunc(known, func(i Item) bool { return listed[i.ID] || !fs.ValidID(i.ID) })
	now, errs := make([]Item, len(lost)), make([]error, len(lost))
	err := t.Parallel(ctx, len(lost), func(ctx context.Context, i int) error {
		now[i], errs[i] = t.src.Ask(ctx, lost[i], l.Items)
		if t.Fatal(ctx, errs[i]) {
			return errs[i]
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, was := range lost {
		switch err := errs[i]; {
		case err == nil:
			t.foundUnit(l, now[i])
		case errors.Is(err, iofs.ErrNotExist), t.src.Class(err) == ClassRefused:
		default:
			l.unsure = append(l.unsure, was.ID)
			l.Gaps = append(l.Gaps, t.FailureOf(err, fs.Object{Kind: t.src.Layout().Kind, DocID: was.ID, ID: was.ID}, ""))
			if was.JSON != nil {
				l.Items = append(l.Items, was)
			}
		}
	}
	return nil
}

// foundUnit adds a unit that the list lacked. A selector that matches it has found it now: its gap is removed.
func (t *Tree) foundUnit(l *Listing, i Item) {
	l.Items = append(l.Items, i)
	l.found = append(l.found, i)
	l.Gaps = slices.DeleteFunc(l.Gaps, func(f fs.Failure) bool { return f.DocID == "" && t.src.Selects(f.ObjectID, i) })
}

// warnOfUnits replaces the warnings about the list of units, and drops those about units that are gone.
func (t *Tree) warnOfUnits(l Listing) {
	how := t.src.Layout()
	what := fmt.Sprintf("%s's list of %s lacks this one, which is there when it is asked for by its id", how.Service, how.Units)
	odd := l.odd
	for i := range odd {
		odd[i].Kind, odd[i].Path = how.Kind, how.Top
	}
	for _, i := range l.found {
		odd = append(odd, fs.Failure{Code: fs.CodeNotListed, Message: what, Warning: true, Kind: how.Kind, DocID: i.ID, ObjectID: i.ID, Path: t.unitPath(i.ID)})
	}
	t.mu.Lock()
	there := maps.Clone(t.byID)
	t.mu.Unlock()
	over := func(f fs.Failure) bool { return f.Kind == how.Kind || f.DocID != "" && there[f.DocID] == nil }
	t.tellNew(t.warnings.Replace(over, odd, t.opts.Now()))
}

// tellNew passes new warnings to Options.Warned.
func (t *Tree) tellNew(odd []fs.Failure) {
	for _, f := range odd {
		if t.opts.Warned != nil {
			t.opts.Warned(f)
		}
	}
}

// unitPath returns the path of a unit's folder, "" if the tree has no such unit.
func (t *Tree) unitPath(id string) string {
	t.mu.Lock()
	u := t.byID[id]
	t.mu.Unlock()
	if u == nil {
		return ""
	}
	return u.Path()
}
