package snapshot_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// records reads what describes a snapshot.
func records(t *testing.T, dir string) (all []string) {
	t.Helper()
	for _, name := range []string{"manifest.json", "SHA256SUMS", "summary.json"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(data))
	}
	return all
}

// Where a run keeps its records meanwhile changes nothing of what it writes, in whatever order the origin gives its files.
func TestARunOfAnySizeWritesTheSame(t *testing.T) {
	var want [][]string
	for _, little := range []bool{false, true} {
		from, o := workspace(3), options(t)
		if little {
			o.Hold(1)
			slices.Reverse(from.entries)
		}
		var got [][]string
		night := func(code int) {
			t.Helper()
			s := mustRun(t, from, o, code)
			got = append(got, records(t, filepath.Join(o.Output, s.ID)))
			o.Incremental, o.Now = true, clockAt(day.Add(time.Duration(len(got))*24*time.Hour))
		}
		night(0)
		night(0)
		doc1 := slices.IndexFunc(from.entries, func(e fs.Entry) bool { return e.DocID == "doc1" && e.ObjectID == "canvas-1" })
		from.edit(from.entries[doc1].Path, "# Edited\n")
		from.remove(func(e fs.Entry) bool { return e.DocID == "doc2" })
		from.entries = append(from.entries, fs.Entry{Kind: fs.KindPages, DocID: "doc0", ObjectID: "doc0", Path: "docs/doc0/pages.json", Failure: &fs.Failure{Code: "server_error"}})
		from.remove(func(e fs.Entry) bool { return e.DocID == "doc0" && e.Kind == fs.KindPage })
		night(3)
		if want == nil {
			want = got
			continue
		}
		for i := range want {
			for j := range want[i] {
				if got[i][j] != want[i][j] {
					t.Errorf("night %d:\n%s\nwant\n%s", i, got[i][j], want[i][j])
				}
			}
		}
	}
}

// The files of a doc may lie apart: in a manifest they are in the order of paths.
func TestADocWhoseFilesLieApart(t *testing.T) {
	n := &nights{from: workspace(3), o: options(t)}
	for i, e := range n.from.entries {
		if e.DocID == "doc1" && e.Kind == fs.KindPage {
			n.from.entries[i].Path = "docs/A__doc1/" + e.ObjectID + ".md"
			n.from.content[n.from.entries[i].Path] = n.from.content[e.Path]
			delete(n.from.content, e.Path)
		}
	}
	mustRun(t, n.from, n.o, 0)
	n.o.Incremental = true
	same, _ := n.next(t, n.from, 0)
	if len(n.from.opened) > 0 {
		t.Errorf("fetched %q", n.from.opened)
	}
	wantContents(t, same, firstID, format.Contents{Docs: format.Count{Total: 3}, Pages: format.Count{Total: 6}, Tables: format.Count{Total: 3}, Views: format.Count{Total: 3}})
	n.from.remove(func(e fs.Entry) bool { return e.Path == "docs/A__doc1/canvas-2.md" })
	less, _ := n.next(t, n.from, 0)
	wantContents(t, less, same.ID, format.Contents{Docs: format.Count{Total: 3, Changed: 1}, Pages: format.Count{Total: 5, Gone: 1}, Tables: format.Count{Total: 3}, Views: format.Count{Total: 3}})
}
