package fs

import (
	"encoding/json"
	"slices"
	"time"
)

// docsKey is where the list of docs is kept. What is shown of each doc plays no part in it, and a setting that
// has its default value is not in it: a program that knows one more finds the same list.
func (t *Tree) docsKey() string {
	s := t.opts.Select
	return t.docsKeyOf(struct {
		IncludeShared     bool     `json:",omitempty"`
		WorkspaceID       string   `json:",omitempty"`
		Docs, ExcludeDocs []string `json:",omitempty"`
	}{s.IncludeShared, s.WorkspaceID, asSet(s.Docs), asSet(s.ExcludeDocs)})
}

// olderDocsKey is where programs kept the list whose keys had all settings, in this order. It stays as it is.
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

func (t *Tree) docsKeyOf(selection any) string {
	b, err := json.Marshal(selection)
	if err != nil {
		panic(err) // of text and truth values alone
	}
	return t.opts.Account + "/docs/" + bytesVersion(b, time.Time{}).Key
}

// asSet gives the words of a list sorted, each once: their order chooses nothing.
func asSet(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }
