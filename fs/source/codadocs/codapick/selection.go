package codapick

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
)

// Selection says which docs and files are in the tree. The zero value is what users get without flags: the docs that
// they own, with all pages, tables and views. It does not change while the tree lives. A field that chooses docs is
// also a part of ListKeys, with its zero value left out.
type Selection struct {
	IncludeShared bool
	WorkspaceID   string
	// Docs and ExcludeDocs name docs by id, browser link or name.
	Docs        []string
	ExcludeDocs []string
	// ExcludePages name pages by id, browser link or name. Pages below them are left out, too; tables on them stay.
	ExcludePages []string
	// SkipHiddenPages leaves out hidden pages, and pages below a hidden one.
	SkipHiddenPages bool
	NoViews         bool
	HTMLPages       bool // also each page's HTML export
	Files           bool // also the images and attachments that docs show; HTMLPages goes with it, since they are found in the HTML
	RowsJSON        bool // also each table's rows as they were sent
	CSVBOM          bool // CSV files begin with a byte order mark
	Names           fs.NameMode
}

// Filter is what of the selection the service itself can apply.
func (sel Selection) Filter() coda.DocFilter {
	return coda.DocFilter{OwnedOnly: !sel.IncludeShared, WorkspaceID: sel.WorkspaceID}
}

// WhyEmpty says why no doc is shown, and what to do. Coda lists only docs that the user has opened at least once (Coda API
// 1.5.0, listDocs), and service accounts hardly ever own one.
func (sel Selection) WhyEmpty() string {
	where := ""
	if sel.WorkspaceID != "" {
		where = fmt.Sprintf(" in the workspace %q", sel.WorkspaceID)
	}
	if len(sel.ExcludeDocs) > 0 {
		where += " but those of --exclude-doc"
	}
	if sel.IncludeShared {
		return "there is no doc" + where + ": Coda lists those of others when they were opened in a browser"
	}
	return "the account of this token owns no doc" + where + " (a service account hardly ever does): --include-shared adds those of others that it has opened"
}

// ListKeys are the Store's keys of the list of docs. They depend only on the settings that choose docs. The first leaves out
// settings with their default value: a program with one more setting finds the same list. The second is that of earlier
// versions, which contained all settings in this order; it must not change.
func (sel Selection) ListKeys() []string {
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

// NotCaptured names, for people, what Coda API 1.5.0 has no way to read, or leaves out of a page's export, and what was not asked for.
// Manifests list it.
func (sel Selection) NotCaptured() []string {
	files := "bytes of images and attached files"
	if sel.Files {
		files = "images in the text of canvas cells"
	}
	return []string{
		"automations", files, "comments", "content of embedded and synced pages", "filter formulas and layouts of views",
		"text colors and cell formats", "version history",
	}
}
