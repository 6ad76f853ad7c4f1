package snapshot_test

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// What stays the same is a warning in the first night, and a note in all.
func TestWhatStaysIsNoWarningEachNight(t *testing.T) {
	permissions := fs.Entry{Kind: fs.KindPermissions, Note: "permissions.json is left out (docs: 2)"}
	fewer := fs.Entry{Kind: fs.KindPermissions, Note: "permissions.json is left out (docs: 1)"}
	lines := func(n string) fs.Entry {
		return fs.Entry{Kind: fs.KindPage, Note: "pages come line by line (pages: " + n + ")"}
	}
	slip := fs.Entry{Kind: fs.KindDoc, Note: `none of the docs is "X"`}
	from := workspace(2)
	own := fs.Entry{Kind: fs.KindPermissions, DocID: "doc0", ObjectID: "doc0", Path: "docs/Läunch & Plan 0__doc0/permissions.json"}
	from.content[own.Path] = "[]\n"
	entries := from.entries
	for i, e := range entries { // no page is an export
		if e.Kind == fs.KindPage {
			entries[i].Source = fs.SourceContent
		}
	}
	o := options(t)
	o.Incremental = true
	o.Now = clock()
	for i, night := range []struct {
		notes []fs.Entry
		own   bool // the first doc has permissions
		want  []string
	}{
		{[]fs.Entry{permissions, lines("4"), slip}, false, []string{`none of the docs is "X"`, "pages come line by line (pages: 4)", "permissions.json is left out (docs: 2)"}},
		{[]fs.Entry{permissions, lines("5"), slip}, false, nil},
		{[]fs.Entry{fewer}, true, nil},
		{[]fs.Entry{permissions}, false, []string{"permissions.json is left out (docs: 2)"}}, // the night before it was there
		{[]fs.Entry{slip}, false, []string{`none of the docs is "X"`}},
	} {
		from.entries = slices.Concat(entries, night.notes)
		if night.own {
			from.entries = append(from.entries, own)
		}
		s := mustRun(t, from, o, 0)
		if !slices.Equal(s.Warnings, night.want) && len(s.Warnings)+len(night.want) > 0 {
			t.Errorf("night %d: warnings %q, want %q", i, s.Warnings, night.want)
		}
		var notes []string
		for _, e := range night.notes {
			notes = append(notes, e.Note)
		}
		slices.Sort(notes)
		if !slices.Equal(s.Notes, notes) {
			t.Errorf("night %d: notes %q, want %q", i, s.Notes, notes)
		}
	}
}

// So with what the file system of the output folder cannot do.
func TestAPoorDiskIsAWarningOnce(t *testing.T) {
	from, o := workspace(1), options(t)
	o.CheckDisk(func(op, _ string) error {
		if op == "chtimes" || op == "symlink" {
			return syscall.EPERM
		}
		return nil
	})
	warned := func(s format.Summary, what string) bool {
		return strings.Contains(strings.Join(s.Warnings, "\n"), what)
	}
	first := mustRun(t, from, o, 0)
	if len(first.Warnings) != 2 || !warned(first, "time at which they were written") || !warned(first, "no link named latest") {
		t.Errorf("the first night warns of %q", first.Warnings)
	}
	if second := mustRun(t, from, o, 0); len(second.Warnings) != 0 || len(second.Notes) != 1 {
		t.Errorf("the second night warns of %q, notes %q", second.Warnings, second.Notes)
	}
}
