package codadocs_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

const (
	calendarPath  = "/docs/Calendar-1"
	calendar      = "docs/Calendar__Calendar-1/"
	calendarTasks = calendar + "tables/table/Tasks__Tasks__grid-Tasks-001.csv"
	calendarPlain = calendar + "tables/table/Plain__grid-Plain-001.csv"
	calendarLate  = calendar + "tables/view/Late__Late__table-Late-001.csv"
	calendarPage  = calendar + "pages/Tasks__canvas-Tasks-01.md"
	calendarText  = calendar + "pages/Text__canvas-Text-001.md"
	calendarSums  = calendar + "formulas.json"

	sentTasks = "GET " + calendarPath + "/tables/grid-Tasks-001/rows"
)

func newCalendar(t *testing.T, formula string) *treetest.Workspace {
	w := treetest.New(t, codatest.Calendar(formula), treetest.Options{})
	refresh(t, w)
	return w
}

// What depends on the date is read again when it is older than a refresh, by whoever reads it, and by nobody else.
func TestVolatileValuesAreReadAgain(t *testing.T) {
	w := newCalendar(t, "Today()")
	for _, path := range []string{calendarTasks, calendarLate, calendarPage, calendar + "pages/Late__canvas-Late-001.md", calendarSums} {
		before, first := read(t, w, path), version(t, file(t, w, path))
		if !strings.Contains(before, w.Clock.Now().Format(time.DateOnly)) {
			t.Errorf("%s: %s", path, before)
		}
		w.Clock.Advance(59 * time.Second)
		equal(t, "sent soon", w.Sent(func() { read(t, w, path) }), []string{})
		w.Clock.Advance(2 * time.Second)
		equal(t, "sent by who only looks", w.Sent(func() { version(t, file(t, w, path)) }), []string{})
		if sent := w.Sent(func() { read(t, w, path) }); len(sent) == 0 {
			t.Errorf("%s: nothing was asked for after a minute", path)
		}
		if same := version(t, file(t, w, path)); same != first {
			t.Errorf("%s: equal bytes have version %+v, and had %+v", path, same, first)
		}
		w.Clock.Advance(24 * time.Hour)
		day := w.Clock.Now().Format(time.DateOnly)
		if now := read(t, w, path); !strings.Contains(now, day) || len(now) != len(before) {
			t.Errorf("%s on %s: %s", path, day, now)
		}
		next := version(t, file(t, w, path))
		if next.Key == first.Key || !next.ModTime.Equal(w.Clock.Now()) || next.Stamps() != first.Key {
			t.Errorf("%s: version %+v after %+v, want the time at which the bytes were first seen", path, next, first)
		}
		// Who is in the middle of the old version reads on in it.
		if old, err := open(t.Context(), file(t, w, path), first); err != nil || old != before {
			t.Errorf("%s: the old version is %q, %v", path, old, err)
		}
		w.Tree = w.NewTree(w.Store, codadocs.Selection{}) // what was seen is remembered
		refresh(t, w)
		if again := version(t, file(t, w, path)); again != next {
			t.Errorf("%s: in a new tree version %+v, want %+v", path, again, next)
		}
	}
}

// What is only calculated, or text, is not read again: nothing says that it changed.
func TestWhatIsNotVolatileIsKept(t *testing.T) {
	w := newCalendar(t, "thisRow.Name")
	all := []string{calendarTasks, calendarLate, calendarPage, calendarText, calendarPlain}
	for _, path := range all {
		read(t, w, path)
	}
	w.Clock.Advance(24 * time.Hour)
	equal(t, "sent", w.Sent(func() {
		for _, path := range all {
			read(t, w, path)
		}
	}), []string{})
}

// The index tells what is computed.
func TestIndexTellsWhatIsComputed(t *testing.T) {
	both := map[string]fs.Computed{calendarTasks: "volatile", calendarLate: "volatile", calendarPage: "volatile",
		calendar + "pages/Late__canvas-Late-001.md": "volatile", calendarText: "calculated", calendarSums: "volatile"}
	plain := map[string]fs.Computed{calendarText: "calculated", calendarPage: "calculated", calendar + "pages/Late__canvas-Late-001.md": "calculated", calendarSums: "volatile"}
	calculated := map[string]fs.Computed{calendarTasks: "calculated", calendarLate: "calculated"}
	for k, v := range plain {
		calculated[k] = v
	}
	for formula, want := range map[string]map[string]fs.Computed{
		"Today()": both, `DateDelta(now ( ), 3)`: both, "If(User()=thisRow.Owner, 1, 2)": both, "Random()": both, "RandBetween(1, 6)": both,
		"": plain, "thisRow.Name": calculated, "LastUser(3)": calculated, "thisRow.[Today]": calculated, "Nowhere()": calculated,
	} {
		w := newCalendar(t, formula)
		got := map[string]fs.Computed{}
		for _, e := range index(t, w.Tree) {
			if e.Computed != fs.ComputedNot {
				got[e.Path] = e.Computed
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("formula %q:\n%v\nwant:\n%v", formula, got, want)
		}
	}
}

// A filter's formula is not told, but what is in it.
func TestFiltersCount(t *testing.T) {
	for uses, want := range map[string]fs.Computed{"": "calculated", "Today": "volatile", "Now": "volatile", "User": "volatile"} {
		state := codatest.Calendar("")
		view := state.Docs[0].Tables[2]
		view.Filter, view.FilterUses = func(*codatest.Row) bool { return true }, uses
		w := treetest.New(t, state, treetest.Options{})
		refresh(t, w)
		if got := version(t, file(t, w, calendarLate)).Computed; got != want {
			t.Errorf("a view with a filter that uses %q is %q, want %q", uses, got, want)
		}
		if got := version(t, file(t, w, calendarTasks)).Computed; got != fs.ComputedNot {
			t.Errorf("its base table is %q", got)
		}
	}
}

// A button's label may be computed; what it does when it is pushed is no value.
func TestButtonsAreVolatileByTheirLabelAlone(t *testing.T) {
	for label, want := range map[string]fs.Computed{"Push me": "calculated", "Format(\"{1}\", Today())": "volatile"} {
		state := codatest.Calendar("")
		column := state.Docs[0].Tables[0].Columns[1]
		column.Format = codatest.Format{Type: "button", Extra: map[string]any{"label": label, "action": "ModifyRows(thisRow, Done, Now())"}}
		column.Default = "Today()"
		w := treetest.New(t, state, treetest.Options{})
		refresh(t, w)
		if got := version(t, file(t, w, calendarTasks)).Computed; got != want {
			t.Errorf("label %s: %q, want %q", label, got, want)
		}
	}
}

// Renew is for a backup: it asks for what is calculated too, and says where it cannot.
func TestRenewFetchesWhatIsCalculated(t *testing.T) {
	w := newCalendar(t, "thisRow.Name")
	all := []string{calendarTasks, calendarText}
	for _, path := range all {
		f := file(t, w, path).(fs.Renewable)
		renew := func() (sent int, err error) {
			sent = len(w.Sent(func() { err = f.Renew(t.Context(), time.Now().Add(time.Hour)) }))
			return sent, err
		}
		version(t, f)
		if sent, err := renew(); sent != 0 || err != nil {
			t.Errorf("%s: %d requests for what was never read: %v", path, sent, err)
		}
		before, first := read(t, w, path), version(t, f)
		if sent, err := renew(); sent == 0 || err != nil || version(t, f) != first {
			t.Errorf("%s: %d requests, %v, version %+v", path, sent, err, version(t, f))
		}
		w.Clock.Advance(24 * time.Hour)
		w.State.Recompute("Calendar-1", func(d *codatest.Doc) { d.Pages[1].Body = "Text for " + path + "\n" })
		w.Fail(codatest.Fault{Path: ".*/(rows|export)", Status: http.StatusInternalServerError})
		if _, err := renew(); err == nil || read(t, w, path) != before {
			t.Errorf("%s: no error, or other bytes: %v", path, err)
		}
		w.Heal()
		if _, err := renew(); err != nil || read(t, w, path) == before {
			t.Errorf("%s: %v, %q", path, err, read(t, w, path))
		}
		if now := version(t, f); now.Key == first.Key || !now.ModTime.Equal(w.Clock.Now()) {
			t.Errorf("%s: version %+v after %+v", path, now, first)
		}
	}
	plain := file(t, w, calendarPlain).(fs.Renewable)
	read(t, w, calendarPlain)
	equal(t, "for what is typed", w.Sent(func() {
		if err := plain.Renew(t.Context(), time.Now().Add(time.Hour)); err != nil {
			t.Error(err)
		}
	}), []string{})
}

// While the service is away, what is known is served, and a walk does not ask in vain at each step.
func TestVolatileValuesSurviveAnOutage(t *testing.T) {
	w := newCalendar(t, "Today()")
	before := read(t, w, calendarTasks)
	w.Clock.Advance(24 * time.Hour)
	w.Fail(codatest.Fault{Status: http.StatusServiceUnavailable})
	sent := w.Sent(func() {
		for range 3 {
			if got := read(t, w, calendarTasks); got != before {
				t.Errorf("read %q", got)
			}
		}
	})
	equal(t, "sent", sent, []string{sentTasks})
	if all := w.Tree.Failures(); len(all) != 1 || all[0].Path != calendarTasks {
		t.Errorf("failures: %+v", all)
	}
	w.Heal()
	w.Clock.Advance(time.Minute)
	if got := read(t, w, calendarTasks); got == before {
		t.Errorf("after it: %q", got)
	}
	// What the service says of the table itself holds.
	w.Clock.Advance(time.Hour)
	w.Fail(codatest.Fault{Path: ".*/rows", Status: http.StatusForbidden})
	if _, _, err := fs.OpenCurrent(t.Context(), file(t, w, calendarTasks)); err == nil {
		t.Error("a table that is refused was read")
	}
}

// Bytes that were superseded, and that nobody has any more, are never replaced by others.
func TestAnEvictedVersionIsStale(t *testing.T) {
	w := newCalendar(t, "Today()")
	read(t, w, calendarTasks)
	w.Clock.Advance(24 * time.Hour)
	read(t, w, calendarTasks)
	f := file(t, w, calendarTasks)
	second := version(t, f)
	empty := treetest.Memory(t) // has the notes of no earlier version
	w.Tree = w.NewTree(empty, codadocs.Selection{})
	refresh(t, w)
	if _, err := open(t.Context(), file(t, w, calendarTasks), second); !errors.Is(err, fs.ErrStale) {
		t.Errorf("opening a version that is gone: %v", err)
	}
}

// Deltas are of tables in which nothing is computed.
func TestComputedTablesAreReadWhole(t *testing.T) {
	w := treetest.New(t, codatest.Calendar("Today()"), treetest.Options{RowDeltas: 1})
	refresh(t, w)
	read(t, w, calendarTasks)
	w.Clock.Advance(24 * time.Hour)
	if got := read(t, w, calendarTasks); strings.Count(got, w.Clock.Now().Format(time.DateOnly)) != 3 {
		t.Errorf("read %s", got)
	}
}
