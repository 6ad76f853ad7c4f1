package codadocs

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/codafs/codafs/fs"
)

// ListKeys are the Store's keys of the list of docs. They depend only on the settings that choose docs. The first leaves out
// settings with their default value: a program with one more setting finds the same list. The second is that of earlier
// versions, which contained all settings in this order; it must not change.
func (s *docs) ListKeys() []string {
	sel := s.sel
	return []string{
		docsKey(struct {
			IncludeShared     bool     `json:",omitempty"`
			WorkspaceID       string   `json:",omitempty"`
			Docs, ExcludeDocs []string `json:",omitempty"`
		}{sel.IncludeShared, sel.WorkspaceID, asSet(sel.Docs), asSet(sel.ExcludeDocs)}),
		docsKey(struct {
			IncludeShared                                 bool
			WorkspaceID                                   string
			Docs, ExcludeDocs                             []string
			SkipHiddenPages, NoViews, HTMLPages, RowsJSON bool
			Names                                         string
		}{IncludeShared: sel.IncludeShared, WorkspaceID: sel.WorkspaceID, Docs: sel.Docs, ExcludeDocs: sel.ExcludeDocs}),
	}
}

// docsKey hashes the JSON of a selection. Names and order of its fields are part of the key.
func docsKey(selection any) string {
	b, err := json.Marshal(selection)
	if err != nil {
		panic(err) // it has strings and booleans only
	}
	return "docs/" + fs.BytesVersion(b, time.Time{}).Key
}

// asSet sorts a list and drops duplicates: the order of selectors chooses nothing.
func asSet(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }
