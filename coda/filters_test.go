package coda_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
)

func TestDocFiltersAreTheServices(t *testing.T) {
	state := codatest.Sample()
	state.Folders = append(state.Folders, &codatest.Folder{ID: "fl-other", Name: "Other"})
	d := state.Docs[0]
	d.Starred, d.Published, d.Gallery, d.Folder, d.Source = true, "view", true, "fl-other", "WFmkWSXKJJ"
	for name, f := range map[string]coda.DocFilter{
		"starred": {Starred: true}, "published": {Published: true, Query: d.Name}, "gallery": {InGallery: true}, "folder": {FolderID: "fl-other"},
		"source": {SourceDocID: "WFmkWSXKJJ"}, "query": {Query: d.Name}, "owned": {OwnedOnly: true, Query: d.Name},
		"workspace": {WorkspaceID: state.ID, Query: d.Name},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ids []string
				for doc, err := range serve(t, state, codatest.Options{}, coda.Options{}).Docs(t.Context(), f) {
					if err != nil {
						t.Fatal(err)
					}
					ids = append(ids, doc.ID)
				}
				if !slices.Equal(ids, []string{d.ID}) {
					t.Errorf("docs %v, want %s alone", ids, d.ID)
				}
			})
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
		if _, _, err := changes("garbage"); coda.CodeOf(err) != coda.CodeBadRequest {
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
