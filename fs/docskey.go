package fs

import (
	"encoding/json"
	"slices"
	"time"
)

// docsKey is the Store key of the list of docs. It depends only on the settings that choose docs, and leaves out
// settings with their default value: a program with one more setting finds the same list.
func (t *Tree) docsKey() string {
	s := t.opts.Select
	return t.docsKeyOf(struct {
		IncludeShared     bool     `json:",omitempty"`
		WorkspaceID       string   `json:",omitempty"`
		Docs, ExcludeDocs []string `json:",omitempty"`
	}{s.IncludeShared, s.WorkspaceID, asSet(s.Docs), asSet(s.ExcludeDocs)})
}

// olderDocsKey is the key of earlier versions, which contained all settings in this order. It must not change.
func (t *Tree) olderDocsKey() string {
	s := t.opts.Select
	return t.docsKeyOf(struct {
		IncludeShared                                 bool
		WorkspaceID                                   string
		Docs, ExcludeDocs                             []string
		SkipHiddenPages, NoViews, HTMLPages, RowsJSON bool
		Names                                         string
	}{IncludeShared: s.IncludeShared, WorkspaceID: s.WorkspaceID, Docs: s.Docs, ExcludeDocs: s.ExcludeDocs})
}

// docsKeyOf hashes the JSON of a selection. Names and order of its fields are part of the key.
func (t *Tree) docsKeyOf(selection any) string {
	b, err := json.Marshal(selection)
	if err != nil {
		panic(err) // it has strings and booleans only
	}
	return t.opts.Account + "/docs/" + bytesVersion(b, time.Time{}).Key
}

// asSet sorts a list and drops duplicates: the order of selectors chooses nothing.
func asSet(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }
