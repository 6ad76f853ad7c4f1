package backup

import (
	"cmp"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// whatIsMissing counts gaps by their objects, "" if there are none: a table may lack several files, and a page two. A list that
// is missing does not say what would be in it, so it counts as the pages or tables of a doc, not as a number of them. Files
// that no other kind is for, such as permissions.json, are other files.
func whatIsMissing(gaps []fs.Failure) string {
	var objects format.Contents
	lists, attached, files := map[fs.Kind]int{}, 0, 0
	seen := map[fs.Failure]bool{}
	for _, f := range gaps {
		info := f.Kind.Info()
		kind := cmp.Or(info.Main, f.Kind)
		// The files of a table count as its main kind, the rows; so three failures of one table are one gap.
		object := fs.Failure{DocID: f.DocID, ObjectID: f.ObjectID, Kind: kind}
		if seen[object] {
			continue
		}
		seen[object] = true
		switch {
		case info.Main != "":
			objects.Add(format.File{Kind: kind, Path: f.Path})
		case kind == fs.KindFile:
			attached++
		case info.IsList:
			lists[kind]++
		default:
			files++
		}
	}
	var parts []string
	add := func(n int, before, name string) {
		if n > 0 {
			parts = append(parts, before+term.Count(n, name))
		}
	}
	add(objects.Docs.Total, "", "doc")
	add(objects.Pages.Total, "", "page")
	add(objects.Tables.Total, "", "table")
	add(objects.Views.Total, "", "view")
	add(lists[fs.KindPages], "the pages of ", "doc")
	add(lists[fs.KindTables], "the tables and views of ", "doc")
	add(attached, "", "attached file")
	add(lists[fs.KindFiles], "the attached files of ", "doc")
	add(files, "", "other file")
	return strings.Join(parts, ", ")
}

// gaps returns the failures that --accept-gap accepts, or those that it does not.
func gaps(s format.Summary, accepted bool) (those []fs.Failure) {
	for _, f := range s.Failures {
		if f.Accepted == accepted {
			those = append(those, f)
		}
	}
	return those
}
