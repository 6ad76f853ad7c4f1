package snapshot_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
)

func (m *memory) remove(drop func(fs.Entry) bool) {
	for _, e := range m.entries {
		if drop(e) {
			delete(m.content, e.Path)
		}
	}
	m.entries = slices.DeleteFunc(m.entries, drop)
}

func wantContents(t *testing.T, s format.Summary, since string, want format.Contents) {
	t.Helper()
	if s.Contents == nil || *s.Contents != want || s.Since != since {
		t.Errorf("since %q: %+v\nwant %q: %+v", s.Since, s.Contents, since, want)
	}
}

func TestASummaryCountsWhatIsThereNewChangedAndGone(t *testing.T) {
	n := &nights{from: workspace(3), o: options(t)}
	first := mustRun(t, n.from, n.o, 0) // not an incremental one
	wantContents(t, first, "", format.Contents{
		Docs: format.Count{Total: 3, New: 3}, Pages: format.Count{Total: 6, New: 6},
		Tables: format.Count{Total: 3, New: 3}, Views: format.Count{Total: 3, New: 3}})

	n.o.Incremental = true
	same, _ := n.next(t, n.from, 0)
	unchanged := format.Contents{Docs: format.Count{Total: 3}, Pages: format.Count{Total: 6}, Tables: format.Count{Total: 3}, Views: format.Count{Total: 3}}
	wantContents(t, same, firstID, unchanged)
	if len(same.Gone) != 0 {
		t.Errorf("gone: %+v", same.Gone)
	}

	// A full run counts against the snapshot before as well. Of doc0 a page changed, a table and its view are gone, and a page is new;
	// of doc1 the columns of a table changed; doc2 is gone.
	n.o.Incremental = false
	n.from.edit(n.from.entries[3].Path, "# Edited\n")
	n.from.remove(func(e fs.Entry) bool {
		return e.DocID == "doc2" || e.DocID == "doc0" && (e.ObjectID == "table-1" || e.ObjectID == "view-1")
	})
	n.from.add(fs.Entry{Path: "docs/Läunch & Plan 0__doc0/pages/New__canvas-3.md", Kind: fs.KindPage, DocID: "doc0", ObjectID: "canvas-3", Type: "page", Name: "New"}, "# New\n")
	n.from.edit("docs/Läunch & Plan 1__doc1/tables/table/Status__Tasks__table-1.columns.json", "[{}]\n")
	s, _ := n.next(t, n.from, 0)
	wantContents(t, s, same.ID, format.Contents{
		Docs:   format.Count{Total: 2, Changed: 2, Gone: 1},
		Pages:  format.Count{Total: 5, New: 1, Changed: 1, Gone: 2},
		Tables: format.Count{Total: 1, Changed: 1, Gone: 2},
		Views:  format.Count{Total: 1, Gone: 2},
	})
	want := []format.GoneObject{
		{Kind: "doc", DocID: "doc2", ObjectID: "doc2", Name: "Name of doc2", Doc: "Name of doc2"},
		{Kind: "table", DocID: "doc0", ObjectID: "table-1", Name: "Name of table-1", Doc: "Name of doc0"},
		{Kind: "view", DocID: "doc0", ObjectID: "view-1", Name: "Name of view-1", Doc: "Name of doc0"},
	}
	if !slices.Equal(s.Gone, want) {
		t.Errorf("gone: %+v\nwant  %+v", s.Gone, want)
	}
}

// What could not be had is not gone: it is carried, or missing.
func TestWhatIsMissingIsNotGone(t *testing.T) {
	for _, incremental := range []bool{true, false} {
		n := newNights(t, 1)
		n.o.Incremental = incremental
		for i, e := range n.from.entries {
			if e.Kind == fs.KindTables {
				n.from.entries[i].Failure = &fs.Failure{Code: "down"}
			}
		}
		n.from.remove(func(e fs.Entry) bool { return e.ObjectID == "table-1" || e.ObjectID == "view-1" })
		s, _ := n.next(t, n.from, 3)
		there := 0
		if incremental {
			there = 1
		}
		wantContents(t, s, firstID, format.Contents{Docs: format.Count{Total: 1}, Pages: format.Count{Total: 2},
			Tables: format.Count{Total: there}, Views: format.Count{Total: there}})
		if len(s.Gone) != 0 {
			t.Errorf("gone: %+v", s.Gone)
		}
	}
}

// A run that sealed nothing says nothing of contents, and how far it came by its files.
func TestAStoppedRunCountsNoContents(t *testing.T) {
	n := newNights(t, 1)
	n.from.indexErr = errors.New("down")
	n.o.Now = clockAt(day.Add(time.Hour))
	if s, err := snapshot.Run(t.Context(), n.from, n.o); err == nil || s.Contents != nil || s.Since != "" {
		t.Errorf("%+v, %v", s, err)
	}
}
