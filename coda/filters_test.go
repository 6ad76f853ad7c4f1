package coda_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
)

func TestDocFiltersAreTheServices(t *testing.T) {
	state := small()
	state.Folders = append(state.Folders, &codatest.Folder{ID: "fl-own", Name: "Own"},
		&codatest.Folder{ID: "fl-other", Name: "Other", Workspace: "ws-other"})
	// The list is in the order of the docs' last events, newest first.
	newest := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	state.Docs[0].CreatedAt = newest.Add(-2 * time.Hour)
	state.AddDoc(&codatest.Doc{ID: "shared", Name: "Shared", CreatedAt: newest,
		Owner: codatest.Person{Name: "Ruth", Email: "ruth@example.com"}})
	state.AddDoc(&codatest.Doc{ID: "elsewhere", Name: "Elsewhere", Folder: "fl-other", CreatedAt: newest.Add(-time.Hour)})
	for _, test := range []struct {
		filter coda.DocFilter
		want   []string
	}{
		{coda.DocFilter{}, []string{"shared", "elsewhere", doc}},
		{coda.DocFilter{OwnedOnly: true}, []string{"elsewhere", doc}},
		{coda.DocFilter{WorkspaceID: "ws-other"}, []string{"elsewhere"}},
		{coda.DocFilter{OwnedOnly: true, WorkspaceID: state.ID}, []string{doc}},
	} {
		synctest.Test(t, func(t *testing.T) {
			docs := serve(t, state, codatest.Options{}, coda.Options{}).Docs(t.Context(), test.filter)
			if got := ids(t, docs, func(d coda.Doc) string { return d.ID }); !slices.Equal(got, test.want) {
				t.Errorf("%+v: docs %v, want %v", test.filter, got, test.want)
			}
		})
	}
}

func TestRowOptionsAndChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := codatest.Sample()
		s := serve(t, state, codatest.Options{PageSize: 7}, coda.Options{})
		const table = codatest.SampleRoadmap
		changes := func(since string) (rows []coda.Row, next string, err error) {
			list, token := s.RowChanges(t.Context(), codatest.SampleDoc, table, coda.RowOptions{}, since)
			for r, err := range list {
				if err != nil {
					return nil, "", err
				}
				rows = append(rows, r)
			}
			return rows, token(), nil
		}
		all, token, err := changes("")
		if err != nil || len(all) != 40 || token == "" {
			t.Fatalf("%d rows, token %q, %v", len(all), token, err)
		}
		none, token, err := changes(token)
		if err != nil || len(none) != 0 || token == "" {
			t.Fatalf("%d rows of a quiet table, token %q, %v", len(none), token, err)
		}
		state.AddRow(codatest.SampleDoc, table, &codatest.Row{ID: "i-new", Cells: map[string]codatest.Value{}})
		state.DeleteRow(codatest.SampleDoc, table, all[3].ID)
		one, _, err := changes(token)
		if err != nil || len(one) != 1 || one[0].ID != "i-new" {
			t.Errorf("changed: %d rows, %v; want the new one alone, deletions do not show", len(one), err)
		}
		if _, _, err := changes("garbage"); rest.CodeOf(err) != rest.CodeBadRequest {
			t.Errorf("a token that is none: %v", err)
		}
		for _, o := range []coda.RowOptions{
			{Order: coda.ByUpdate}, {Visible: true, Order: coda.ByCreation}, {Values: coda.Rich}, {Values: coda.Simple, Visible: true},
		} {
			n := 0
			for _, err := range s.Rows(t.Context(), codatest.SampleDoc, table, o) {
				if err != nil {
					t.Fatalf("%+v: %v", o, err)
				}
				n++
			}
			if n == 0 {
				t.Errorf("%+v: no rows", o)
			}
		}
	})
}
