package fs

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// If the list of units lacks a known unit, it is asked for by its id before its name vanishes: programs such as
// rsync --delete believe what they see. The unit is gone if the service knows no such unit or refuses to show it. If it
// is there, the list was wrong, which is a warning. If the request fails otherwise, the unit stays as it was known, and
// a failure is reported. That all units are gone at once is not believed.

// expect records what the last snapshot had: see [Held].
func (t *Tree) expect(units []string, odd []Failure) {
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
		t.earlier.replace(func(Failure) bool { return true }, odd, t.opts.Now())
	}
}

// readUnits lists the units, a second time if the list changed while it was read.
func (t *Tree) readUnits(ctx context.Context) (l listing, err error) {
	known := t.knownUnits(ctx)
	err = t.twice(func(try *try) error {
		l, err = t.src.list(ctx, known, try)
		l.odd = try.odd
		return err
	})
	if err != nil {
		return l, err
	}
	if err := t.askForLost(ctx, &l, known); err != nil {
		return l, err
	}
	if len(l.items) == 0 && len(known) > 1 && t.unitsFolder() != nil {
		t.keepAll(&l, known)
	}
	if len(l.items)+len(l.gaps) == 0 {
		l.notes = append(l.notes, t.src.layout().empty)
	}
	return l, nil
}

// keepAll keeps all known units if the service shows none of them any more, neither in the list nor by id. A snapshot
// run has a guard of its own against this; programs that copy a mount believe what they see. A single unit may well have
// been deleted: the caller does not keep that.
func (t *Tree) keepAll(l *listing, known []item) {
	how := t.src.layout()
	l.items = known
	l.odd = append(l.odd, Failure{Code: CodeAllLost, Warning: true,
		Message: fmt.Sprintf("%s shows none of the %d %s any more; they stay as they were. If that is right, unmount and mount again", how.service, len(known), how.units)})
}

// knownUnits returns the units of the last listing, of this run or an earlier one. Of units that only a snapshot had, the
// id alone is known.
func (t *Tree) knownUnits(ctx context.Context) []item {
	items := t.known()
	if t.unitsFolder() == nil {
		items, _, _ = t.lastListing(ctx) // on an error there are none
	}
	have := map[string]bool{}
	for _, i := range items {
		have[i.id] = true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range t.expected {
		if !have[id] {
			items = append(items, item{id: id})
		}
	}
	return items
}

// askForLost asks for each known unit that the list lacks, several at a time.
func (t *Tree) askForLost(ctx context.Context, l *listing, known []item) error {
	listed := map[string]bool{}
	for _, i := range l.items {
		listed[i.id] = true
	}
	lost := slices.DeleteFunc(known, func(i item) bool { return listed[i.id] || !validID(i.id) })
	now, errs := make([]item, len(lost)), make([]error, len(lost))
	err := t.parallel(ctx, len(lost), func(ctx context.Context, i int) error {
		now[i], errs[i] = t.src.ask(ctx, lost[i], l.items)
		if t.fatal(ctx, errs[i]) {
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
		case notExist(err), t.src.class(err) == classRefused:
		default:
			l.unsure = append(l.unsure, was.id)
			l.gaps = append(l.gaps, t.FailureOf(err, Object{Kind: t.src.layout().kind, DocID: was.id, ID: was.id}, ""))
			if was.json != nil {
				l.items = append(l.items, was)
			}
		}
	}
	return nil
}

// foundUnit adds a unit that the list lacked. A selector that matches it has found it now: its gap is removed.
func (t *Tree) foundUnit(l *listing, i item) {
	l.items = append(l.items, i)
	l.found = append(l.found, i)
	l.gaps = slices.DeleteFunc(l.gaps, func(f Failure) bool { return f.DocID == "" && t.src.selects(f.ObjectID, i) })
}

// warnOfUnits replaces the warnings about the list of units, and drops those about units that are gone.
func (t *Tree) warnOfUnits(l listing) {
	how := t.src.layout()
	what := fmt.Sprintf("%s's list of %s lacks this one, which is there when it is asked for by its id", how.service, how.units)
	odd := l.odd
	for i := range odd {
		odd[i].Kind, odd[i].Path = how.kind, how.top
	}
	for _, i := range l.found {
		odd = append(odd, Failure{Code: CodeNotListed, Message: what, Warning: true, Kind: how.kind, DocID: i.id, ObjectID: i.id, Path: t.unitPath(i.id)})
	}
	t.mu.Lock()
	there := maps.Clone(t.byID)
	t.mu.Unlock()
	over := func(f Failure) bool { return f.Kind == how.kind || f.DocID != "" && there[f.DocID] == nil }
	t.tellNew(t.warnings.replace(over, odd, t.opts.Now()))
}

// tellNew passes new warnings to Options.Warned.
func (t *Tree) tellNew(odd []Failure) {
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
	return u.path()
}
