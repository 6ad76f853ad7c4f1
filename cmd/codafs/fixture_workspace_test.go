package main

import (
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

// pinnedNow is the clock of the pinned service: later than all stamps, and long ago for the program.
var pinnedNow = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// pinnedWorkspace is what the fixtures in testdata/fixtures were made from. It never changes, nor do the stand-in's
// answers for it: a run that goes on with a fixture would fetch what looks changed. What new fixtures are to have
// beside it is a doc of its own, in a workspace of its own.
func pinnedWorkspace() *codatest.Workspace {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	return &codatest.Workspace{
		ID: "ws-Pinned_001", Name: "Pinned", User: codatest.Person{Name: "Ada", Email: "ada@pinned.example"},
		Docs: []*codatest.Doc{pinnedLedger(at), pinnedNotes(at.AddDate(0, 0, -1))},
	}
}

func pinnedLedger(at time.Time) *codatest.Doc {
	const plan, calendar = "canvas-Plan_0001", "canvas-Calendar1"
	return &codatest.Doc{
		ID: "Ledger_001", Name: "Ledger", CreatedAt: at,
		Pages: []*codatest.Page{
			{ID: plan, Name: "Plan", Body: "# Plan\n\nShip it — 発売 🚀\n"},
			{ID: "canvas-Risks_002", Name: "Risks", Parent: plan, Body: "# Risks\n\n- one\n- two\n"},
			{ID: calendar, Name: "Calendar", Body: "# Calendar\n"},
			{ID: "canvas-Hidden_01", Name: "Old plan", Hidden: true, Body: "# Old\n"},
			{ID: "canvas-Embed__01", Name: "Board", Type: "embed"},
		},
		Tables: []*codatest.Table{
			pinnedTasks(plan),
			{ID: "table-OpenTask1", Name: "Open tasks", Parent: plan, Base: "grid-Tasks_001", Hidden: []string{"c-Count"}},
			pinnedDays(calendar),
		},
		Formulas: []*codatest.Formula{{ID: "f-DaysLeft01", Name: "DaysLeft", Parent: plan, Value: codatest.Number("6")}},
		Controls: []*codatest.Control{{ID: "ctrl-Quarter1", Name: "quarter", Parent: plan, Type: "select", Value: codatest.Text("2026 Q1")}},
		Permissions: []*codatest.Permission{
			{ID: "perm-1", Access: "write", Principal: map[string]string{"type": "email", "email": "grace@pinned.example"}},
		},
	}
}

// pinnedTasks has no value of which a release could find that it is rendered, or counts as changed, in another way.
func pinnedTasks(page string) *codatest.Table {
	row := func(id, name, count string) *codatest.Row {
		return &codatest.Row{ID: id, Cells: map[string]codatest.Value{"c-Name": codatest.Text(name), "c-Count": codatest.Number(count)}}
	}
	return &codatest.Table{
		ID: "grid-Tasks_001", Name: "Tasks", Parent: page,
		Columns: []*codatest.Column{
			{ID: "c-Name", Name: "Name", Format: codatest.Format{Type: "text"}},
			{ID: "c-Count", Name: "Count", Format: codatest.Format{Type: "number"}},
		},
		Rows: []*codatest.Row{row("i-1", "first, with a comma", "1"), row("i-2", "second", "2.50")},
	}
}

// pinnedDays has a column of dates.
func pinnedDays(page string) *codatest.Table {
	midnight := time.Date(2026, 2, 9, 0, 0, 0, 0, time.FixedZone("", -8*3600))
	return &codatest.Table{
		ID: "grid-Days__001", Name: "Days", Parent: page,
		Columns: []*codatest.Column{
			{ID: "c-What", Name: "What", Format: codatest.Format{Type: "text"}},
			{ID: "c-Day", Name: "Day", Format: codatest.Format{Type: "date", Extra: map[string]any{"format": "YYYY-MM-DD"}}},
		},
		Rows: []*codatest.Row{{ID: "i-1", Cells: map[string]codatest.Value{"c-What": codatest.Text("launch"), "c-Day": codatest.Stamp{Time: midnight}}}},
	}
}

func pinnedNotes(at time.Time) *codatest.Doc {
	return &codatest.Doc{
		ID: "NotesDoc_2", Name: "Notes", CreatedAt: at,
		Pages: []*codatest.Page{
			{ID: "canvas-Notes_001", Name: "Notes", Body: "# Notes\n"},
			{ID: "canvas-Refused_1", Name: "Large", Body: "# Large\n"},
		},
	}
}
