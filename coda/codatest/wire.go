package codatest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"time"
)

// The structs of this file are the objects of the API (version 1.5.0, with what real
// answers have beyond it), in the order in which the service sends their fields.

// browserHost is where browser links point, whichever host the API was called by.
const browserHost = "https://docs.superhuman.com"

// docRef is a DocReference.
type docRef struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	Href        string `json:"href"`
	BrowserLink string `json:"browserLink"`
}

// wireDoc is a Doc.
type wireDoc struct {
	docRef
	Name        string       `json:"name"`
	Owner       string       `json:"owner"`
	OwnerName   string       `json:"ownerName"`
	CreatedAt   string       `json:"createdAt"`
	UpdatedAt   string       `json:"updatedAt"`
	Icon        *wireIcon    `json:"icon,omitempty"`
	DocSize     docSize      `json:"docSize"`
	SourceDoc   *docRef      `json:"sourceDoc,omitempty"`
	WorkspaceID string       `json:"workspaceId"`
	FolderID    string       `json:"folderId"`
	Workspace   containerRef `json:"workspace"`
	Folder      containerRef `json:"folder"`
	Published   *published   `json:"published,omitempty"`
}

// docSize has baseTableCount, which real answers carry since 2026-09.
type docSize struct {
	TotalRowCount     int  `json:"totalRowCount"`
	TableAndViewCount int  `json:"tableAndViewCount"`
	PageCount         int  `json:"pageCount"`
	OverAPISizeLimit  bool `json:"overApiSizeLimit"`
	BaseTableCount    int  `json:"baseTableCount"`
}

// published is a DocPublished: only docs that are published have one.
type published struct {
	BrowserLink  string              `json:"browserLink"`
	Discoverable bool                `json:"discoverable"`
	EarnCredit   bool                `json:"earnCredit"`
	Mode         string              `json:"mode"`
	Categories   []map[string]string `json:"categories"`
}

// wireIcon is an Icon.
type wireIcon struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	BrowserLink string `json:"browserLink"`
}

// containerRef is a WorkspaceReference or FolderReference.
type containerRef struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	BrowserLink string `json:"browserLink"`
	Name        string `json:"name,omitempty"`
}

// wireFolder is a Folder.
type wireFolder struct {
	ID          string       `json:"id"`
	Type        string       `json:"type"`
	Name        string       `json:"name"`
	BrowserLink string       `json:"browserLink"`
	CreatedAt   string       `json:"createdAt,omitempty"`
	CanEdit     bool         `json:"canEdit"`
	Workspace   containerRef `json:"workspace"`
}

// person is a PersonValue, as schema.org has it.
type person struct {
	Context string `json:"@context"`
	Type    string `json:"@type"`
	Name    string `json:"name"`
	Email   string `json:"email,omitempty"`
}

// pageRef is a PageReference.
type pageRef struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	Href        string `json:"href"`
	BrowserLink string `json:"browserLink"`
	Name        string `json:"name"`
}

// wirePage is a Page. Subtitle is sent where it is empty too.
type wirePage struct {
	ID                string     `json:"id"`
	Type              string     `json:"type"`
	Href              string     `json:"href"`
	Name              string     `json:"name"`
	Subtitle          string     `json:"subtitle"`
	Icon              *wireIcon  `json:"icon,omitempty"`
	Image             *wireImage `json:"image,omitempty"`
	ContentType       string     `json:"contentType"`
	IsHidden          bool       `json:"isHidden"`
	EffectivelyHidden bool       `json:"isEffectivelyHidden"`
	BrowserLink       string     `json:"browserLink"`
	Parent            *pageRef   `json:"parent,omitempty"`
	Children          []*pageRef `json:"children"`
	Authors           []person   `json:"authors"`
	CreatedAt         string     `json:"createdAt"`
	UpdatedAt         string     `json:"updatedAt"`
	CreatedBy         person     `json:"createdBy"`
	UpdatedBy         person     `json:"updatedBy"`
}

// wireLine is a PageContentItem.
type wireLine struct {
	ID      string      `json:"id"`
	Type    string      `json:"type"`
	Content lineContent `json:"itemContent"`
}

// lineContent is what stands on a line.
type lineContent struct {
	Style   string `json:"style"`
	Format  string `json:"format"`
	Content string `json:"content"`
	Level   *int   `json:"lineLevel,omitempty"` // headings have none
}

// exportStatus is a PageContentExportStatusResponse, and what begins an export, which has no link yet.
type exportStatus struct {
	ID           string `json:"id"`
	Status       string `json:"status"`
	Href         string `json:"href"`
	DownloadLink string `json:"downloadLink,omitempty"`
	Error        string `json:"error,omitempty"`
}

// tableRef has parent null for an orphan, as real answers do.
type tableRef struct {
	ID          string   `json:"id"`
	Type        string   `json:"type"`
	TableType   string   `json:"tableType"`
	Href        string   `json:"href"`
	BrowserLink string   `json:"browserLink"`
	Name        string   `json:"name"`
	Parent      *pageRef `json:"parent"`
}

// wireTable is a Table, as getTable sends it.
type wireTable struct {
	tableRef
	ParentTable   *tableRef   `json:"parentTable,omitempty"`
	DisplayColumn columnRef   `json:"displayColumn"`
	RowCount      int         `json:"rowCount"`
	Sorts         []wireSort  `json:"sorts"`
	Layout        string      `json:"layout"`
	Filter        *wireFilter `json:"filter,omitempty"`
	CreatedAt     string      `json:"createdAt"`
	UpdatedAt     string      `json:"updatedAt"`
	ViewID        string      `json:"viewId"`
}

// columnRef is a ColumnReference.
type columnRef struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Href string `json:"href"`
}

// wireSort is a Sort of a table or view.
type wireSort struct {
	Column    columnRef `json:"column"`
	Direction string    `json:"direction"`
}

// wireFilter is a FormulaDetail of a filter: the formula itself is never sent.
type wireFilter struct {
	Valid           bool `json:"valid"`
	IsVolatile      bool `json:"isVolatile"`
	HasUserFormula  bool `json:"hasUserFormula"`
	HasTodayFormula bool `json:"hasTodayFormula"`
	HasNowFormula   bool `json:"hasNowFormula"`
}

// wireColumn leaves out booleans that are false, as the service does.
type wireColumn struct {
	columnRef
	Name         string         `json:"name"`
	Display      bool           `json:"display,omitempty"`
	Calculated   bool           `json:"calculated,omitempty"`
	Formula      string         `json:"formula,omitempty"`
	DefaultValue string         `json:"defaultValue,omitempty"`
	Format       map[string]any `json:"format"`
	Parent       *tableRef      `json:"parent,omitempty"`
}

// wireRow is a Row; a get has its table as parent.
type wireRow struct {
	ID          string         `json:"id"`
	Type        string         `json:"type"`
	Href        string         `json:"href"`
	Name        string         `json:"name"`
	Index       int            `json:"index"`
	CreatedAt   string         `json:"createdAt"`
	UpdatedAt   string         `json:"updatedAt"`
	BrowserLink string         `json:"browserLink"`
	Values      map[string]any `json:"values"`
	Parent      *tableRef      `json:"parent,omitempty"`
}

// wireNamed is a formula or control: a reference in lists, with its value when got.
type wireNamed struct {
	ID          string   `json:"id"`
	Type        string   `json:"type"`
	Href        string   `json:"href"`
	Name        string   `json:"name"`
	Parent      *pageRef `json:"parent,omitempty"`
	ControlType string   `json:"controlType,omitempty"`
	Value       any      `json:"value,omitempty"`
}

// wirePermission is a Permission.
type wirePermission struct {
	Principal map[string]string `json:"principal"`
	ID        string            `json:"id"`
	Access    string            `json:"access"`
}

// aclMetadata is an AclMetadata.
type aclMetadata struct {
	CanShare              bool `json:"canShare"`
	CanShareWithWorkspace bool `json:"canShareWithWorkspace"`
	CanShareWithOrg       bool `json:"canShareWithOrg"`
	CanCopy               bool `json:"canCopy"`
}

// wireUser is a User.
type wireUser struct {
	Name      string       `json:"name"`
	LoginID   string       `json:"loginId"`
	Type      string       `json:"type"`
	Href      string       `json:"href"`
	TokenName string       `json:"tokenName"`
	Scoped    bool         `json:"scoped"`
	Workspace containerRef `json:"workspace"`
}

// apiLink is an ApiLink: where a browser link leads.
type apiLink struct {
	Type        string       `json:"type"`
	Href        string       `json:"href"`
	BrowserLink string       `json:"browserLink"`
	Resource    resolvedLink `json:"resource"`
}

// resolvedLink is an ApiLinkResolvedResource.
type resolvedLink struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	Href string `json:"href"`
}

// wirePerson is a person as rich values and pages name one.
func wirePerson(p Person) person {
	return person{Context: linkedData, Type: "Person", Name: p.Name, Email: p.Email}
}

// workspaceRef is a WorkspaceReference; name is "" for a workspace that the user is not in.
func workspaceRef(id, name string) containerRef {
	return containerRef{id, "workspace", browserHost + "/docs?workspaceId=" + url.QueryEscape(id), name}
}

// folderRef is a FolderReference.
func folderRef(f *Folder) containerRef {
	return containerRef{f.ID, "folder", browserHost + "/folders/" + url.PathEscape(f.ID), f.Name}
}

// iconOf is the icon of a name, nil for none.
func iconOf(name string) *wireIcon {
	if name == "" {
		return nil
	}
	return &wireIcon{name, "image/png", "https://cdn.coda.io/icons/png/color/" + url.PathEscape(name) + "-128.png"}
}

// The browser links of docs, tables and rows are made of their API ids.
func docLink(doc string) string          { return browserHost + "/d/_d" + doc }
func tableLink(doc, table string) string { return docLink(doc) + "#_tu" + table }
func rowLink(doc, table, row string) string {
	return tableLink(doc, table) + "/_ru" + row
}

// pageLink ends in part of the page's other id, the one of browsers. It looks like the
// end of the API's id, except for a doc's first page.
func (d *Doc) pageLink(p *Page) string {
	return docLink(d.ID) + "/_su" + d.pageSuffix(p)
}

// pageSuffix is the end of pageLink: six characters of the page's other id.
func (d *Doc) pageSuffix(p *Page) string {
	id := p.ID
	if len(d.Pages) > 0 && d.Pages[0] == p {
		id = shortID("", d.ID, p.ID)
	}
	return id[max(0, len(id)-6):]
}

// when formats a stamp as the service does.
func when(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// shortID makes an id of the service's shape, prefix and ten characters, from parts.
func shortID(prefix string, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p + "\x00"))
	}
	return prefix + base64.RawURLEncoding.EncodeToString(h.Sum(nil))[:10]
}

// layoutOf is the layout of a table or view, by its newer name.
func layoutOf(t *Table) string { return cmp.Or(t.Layout, "default") }
