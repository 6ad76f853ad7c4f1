package write_test

import (
	"encoding/json"
	"errors"
	"fmt"
	iofs "io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/codatest/openapitest"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/coda/write"
)

const doc, grid, page = "Wr1te_-abc", "grid-Write", "canvas-Write"

// service is a doc with a page and a table of two rows, and a client of it. Its answers and the client's requests are checked
// against the OpenAPI file.
func service(t *testing.T, o codatest.Options) (*codatest.Server, *coda.Client) {
	t.Helper()
	w := &codatest.Workspace{ID: "ws-1", Name: "W", User: codatest.Person{Name: "Ann", Email: "ann@example.com"}, Folders: []*codatest.Folder{{ID: "fl-1", Name: "F"}},
		Docs: []*codatest.Doc{{ID: doc, Name: "Writes", Pages: []*codatest.Page{{ID: page, Name: "Log", Body: "first\n"}},
			Tables: []*codatest.Table{{ID: grid, Name: "Things", Parent: page,
				Columns: []*codatest.Column{{ID: "c-name", Name: "Name", Format: codatest.Format{Type: "text"}}, {ID: "c-n", Name: "N", Format: codatest.Format{Type: "number"}}},
				Rows:    []*codatest.Row{{ID: "i-1"}, {ID: "i-2"}}}}}}}
	s := codatest.New(w, o)
	c, err := coda.New(coda.Options{Token: "token", Transport: s.RoundTripperOver(openapitest.Wrap(t, s)), Unlimited: true})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func names(t *testing.T, c *coda.Client) (all []string) {
	t.Helper()
	for r, err := range c.Rows(t.Context(), doc, grid, coda.RowOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s %s", r.ID, r.Values["c-name"]))
	}
	return all
}

func row(name string) write.Row {
	b, _ := json.Marshal(name)
	return write.Row{Cells: []write.Cell{{Column: "c-name", Value: b}}}
}

func TestRowsAreWrittenAndTheirStatusIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := service(t, codatest.Options{WriteTime: 20 * time.Second, Warning: func(method, _ string) string {
			return map[string]string{http.MethodPut: "odd"}[method]
		}})
		if _, err := c.Mutation(t.Context(), "mutate:none"); !errors.Is(err, iofs.ErrNotExist) {
			t.Errorf("status of a write that never was: %v", err)
		}
		added, err := write.InsertRows(t.Context(), c, doc, grid, []write.Row{row("three"), row("four")})
		if err != nil || len(added.IDs) != 2 {
			t.Fatal(added, err)
		}
		updated, err := write.UpdateRow(t.Context(), c, doc, grid, "i-1", row("one"))
		if err != nil || !slices.Equal(updated.IDs, []string{"i-1"}) {
			t.Fatal(updated, err)
		}
		if _, err := write.DeleteRows(t.Context(), c, doc, grid, []string{"i-2", "i-none"}); err != nil {
			t.Fatal(err)
		}
		if d, err := c.Mutation(t.Context(), updated.RequestID); err != nil || d.Completed {
			t.Errorf("at once: %+v, %v", d, err)
		}
		time.Sleep(20 * time.Second)
		if d, err := c.Mutation(t.Context(), updated.RequestID); err != nil || !d.Completed || d.Warning != "odd" {
			t.Errorf("later: %+v, %v", d, err)
		}
		want := []string{`i-1 "one"`, added.IDs[0] + ` "three"`, added.IDs[1] + ` "four"`}
		if got := names(t, c); !slices.Equal(got, want) {
			t.Errorf("rows %v, want %v", got, want)
		}
		if up, err := write.InsertRows(t.Context(), c, doc, grid, []write.Row{row("one")}, "c-name"); err != nil || up.IDs != nil {
			t.Errorf("an upsert: %+v, %v", up, err)
		}
		time.Sleep(20 * time.Second)
		if got := names(t, c); !slices.Equal(got, want) {
			t.Errorf("after an upsert of what is there: %v", got)
		}
	})
}

func TestPagesAreWritten(t *testing.T) {
	_, c := service(t, codatest.Options{})
	text := func(id string) string {
		b, err := c.ExportPage(t.Context(), doc, id, coda.Markdown)
		if err != nil {
			t.Fatal(err)
		}
		before, _, _ := strings.Cut(string(b), "\n## Things")
		return before
	}
	made, err := write.CreatePage(t.Context(), c, doc, write.Page{Title: "New", Parent: page, Markdown: "# Text\n"})
	if err != nil || len(made.IDs) != 1 || text(made.IDs[0]) != "# Text\n" {
		t.Fatal(made, err)
	}
	if _, err := write.RenamePage(t.Context(), c, doc, made.IDs[0], "Newer"); err != nil {
		t.Fatal(err)
	}
	if _, err := write.AppendToPage(t.Context(), c, doc, page, "second\nthird\n"); err != nil || text(page) != "first\nsecond\nthird\n" {
		t.Fatal(text(page), err)
	}
	var lines []string
	for l, err := range c.Lines(t.Context(), doc, page) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l.ID)
	}
	if _, err := write.DeleteLines(t.Context(), c, doc, page, lines[1:]); err != nil || text(page) != "first\n" {
		t.Error(text(page), err)
	}
	if _, err := write.DeleteLines(t.Context(), c, doc, page, nil); rest.CodeOf(err) != rest.CodeBadRequest || text(page) != "first\n" {
		t.Error("all lines were deleted", err)
	}
}

func TestALostAnswerLeavesOpenWhetherTheRowsAreThere(t *testing.T) {
	for kind, want := range map[codatest.Kind]int{codatest.Reset: 3, codatest.Unheard: 2} {
		s, c := service(t, codatest.Options{})
		s.Fail(codatest.Fault{Method: http.MethodPost, Kind: kind, Times: 1})
		_, err := write.InsertRows(t.Context(), c, doc, grid, []write.Row{row("three")})
		if e, ok := errors.AsType[*rest.Error](err); !ok || !e.Unsure || len(names(t, c)) != want {
			t.Errorf("%s: %v, rows %v", kind, err, names(t, c))
		}
	}
}

func TestBatchesFitIntoRequests(t *testing.T) {
	long := row(strings.Repeat("é\n", 20<<10))
	if got, want := long.Size(), 4*20<<10; got != want {
		t.Errorf("size %d, want %d", got, want)
	}
	var rows []write.Row
	for i := range 450 {
		rows = append(rows, row(fmt.Sprint(i)))
	}
	for range 40 {
		rows = append(rows, long)
	}
	var sizes []int
	var all []write.Row
	for _, b := range write.Batches(rows) {
		sizes = append(sizes, len(b))
		all = append(all, b...)
		if body, _ := json.Marshal(b); len(body) > write.MaxBytes {
			t.Errorf("a batch of %d bytes", len(body))
		}
	}
	if len(all) != len(rows) || !slices.Equal(sizes[:2], []int{200, 200}) || write.Batches(nil) != nil {
		t.Errorf("batches of %v", sizes)
	}
	_, c := service(t, codatest.Options{})
	for _, b := range write.Batches(rows) {
		if _, err := write.InsertRows(t.Context(), c, doc, grid, b); err != nil {
			t.Fatal(err)
		}
	}
}
