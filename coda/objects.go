package coda

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
)

// Formula is a named formula of a doc. Lists hold references, without the value (Coda API
// 1.5.0, listFormulas); [Client.Formula] has it (getFormula).
type Formula struct {
	raw
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Control is a control on a page, such as a slider. Lists hold references, without the value
// (Coda API 1.5.0, listControls); [Client.Control] has it (getControl).
type Control struct {
	raw
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Permission is what one principal may do with a doc (Coda API 1.5.0, getPermissions).
type Permission struct {
	raw
	ID     string `json:"id"`
	Access string `json:"access"` // readonly, write, comment or none
}

// ACLMetadata is what the token's user may do with a doc (Coda API 1.5.0, getSharingMetadata).
type ACLMetadata struct {
	raw
	CanShare bool `json:"canShare"`
	CanCopy  bool `json:"canCopy"`
}

// Folder groups docs of a workspace (Coda API 1.5.0, listFolders). Folders are flat.
type Folder struct {
	raw
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Line is a line of a page's text (Coda API 1.5.0, listPageContent). Tables, links, images,
// marks and whether a box is ticked do not come.
type Line struct {
	raw
	ID      string      `json:"id"`
	Type    string      `json:"type"` // line
	Content LineContent `json:"itemContent"`
}

// LineContent is a line's text and look.
type LineContent struct {
	// Style is paragraph, h1 to h3, bulletedList, numberedList, checkboxList, collapsibleList,
	// blockQuote, pullQuote, code, or one not known today.
	Style string `json:"style"`
	Text  string `json:"content"`
	// Level is how far the line is indented, from 0; headings have none.
	Level int `json:"lineLevel"`
}

// Link is where a browser link leads (Coda API 1.5.0, resolveBrowserLink).
type Link struct {
	raw
	BrowserLink string   `json:"browserLink"`
	Resource    Resource `json:"resource"`
}

// Resource is the object that a browser link leads to.
type Resource struct {
	Type string `json:"type"` // doc, page, table, row …
	ID   string `json:"id"`
	Name string `json:"name"`
	Href string `json:"href"` // on the API; holds the ids of the objects that it is in
}

// Mutation is how far a queued write is (Coda API 1.5.0, getMutationStatus).
type Mutation struct {
	raw
	Completed bool   `json:"completed"`
	Warning   string `json:"warning"`
}

// Formulas lists references to a doc's named formulas.
func (c *Client) Formulas(ctx context.Context, docID string) iter.Seq2[Formula, error] {
	return list[Formula](ctx, c, get("docs", docID, "formulas"), limitMost)
}

// Formula gets a formula with its value.
func (c *Client) Formula(ctx context.Context, docID, id string) (Formula, error) {
	return one(ctx, c, get("docs", docID, "formulas", id), func(f Formula) bool { return f.ID == id })
}

// Controls lists references to a doc's controls.
func (c *Client) Controls(ctx context.Context, docID string) iter.Seq2[Control, error] {
	return list[Control](ctx, c, get("docs", docID, "controls"), limitMost)
}

// Control gets a control with its value.
func (c *Client) Control(ctx context.Context, docID, id string) (Control, error) {
	return one(ctx, c, get("docs", docID, "controls", id), func(v Control) bool { return v.ID == id })
}

// Permissions lists who may do what with a doc. A token for single docs is answered with 401.
func (c *Client) Permissions(ctx context.Context, docID string) iter.Seq2[Permission, error] {
	return list[Permission](ctx, c, get("docs", docID, "acl", "permissions"), limitMost)
}

// ACLMetadata gets what the token's user may do with a doc.
func (c *Client) ACLMetadata(ctx context.Context, docID string) (ACLMetadata, error) {
	return one(ctx, c, get("docs", docID, "acl", "metadata"), func(m ACLMetadata) bool { return hasFlag(m.Raw, "canShare") })
}

// Folders lists the folders that the user sees.
func (c *Client) Folders(ctx context.Context) iter.Seq2[Folder, error] {
	return list[Folder](ctx, c, get("folders"), limitMost)
}

// Lines lists the lines of a page's text. Unlike an export, a read-only token gets them.
func (c *Client) Lines(ctx context.Context, docID, pageID string) iter.Seq2[Line, error] {
	return list[Line](ctx, c, get("docs", docID, "pages", pageID, "content"), limitMost)
}

// ResolveLink finds the object that a browser link leads to.
func (c *Client) ResolveLink(ctx context.Context, link string) (Link, error) {
	r := get("resolveBrowserLink")
	r.Query = url.Values{"url": {link}}
	return one(ctx, c, r, func(l Link) bool { return l.Resource.ID != "" })
}

// Mutation reports whether a queued write is done; the service forgets it after about a day.
func (c *Client) Mutation(ctx context.Context, requestID string) (Mutation, error) {
	return one(ctx, c, get("mutationStatus", requestID), func(m Mutation) bool { return hasFlag(m.Raw, "completed") })
}

// hasFlag reports whether an object, of those that have no id, has a boolean of theirs.
func hasFlag(object json.RawMessage, name string) bool {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil {
		return false
	}
	v := string(fields[name])
	return v == "true" || v == "false"
}
