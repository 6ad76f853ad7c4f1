package codatest

import (
	"net/http"
	"net/url"
	"slices"
)

// whoami tells who the token belongs to, whichever token it is (Coda API 1.5.0, whoami).
func (c *call) whoami() (any, error) {
	return wireUser{
		Name: c.userOf().Name, LoginID: c.userOf().Email, Type: "user", Href: c.base + "/whoami",
		TokenName: "codafs", Scoped: c.token.scoped(), Workspace: workspaceRef(c.w.ID, c.w.Name),
	}, nil
}

// listFolders lists folders in the order in which they are kept, of all workspaces (Coda API 1.5.0, listFolders).
// Unlike for docs, isStarred=false selects as well as true.
func (c *call) listFolders() (any, error) {
	starred, set, err := c.flag("isStarred")
	if err != nil {
		return nil, err
	}
	workspace := c.query.Get("workspaceId")
	var out []*Folder
	for _, f := range c.w.Folders {
		if (!set || f.Starred == starred) && (workspace == "" || c.w.workspaceOf(f) == workspace) {
			out = append(out, f)
		}
	}
	return list(c, out, mostLists, c.folder)
}

// getFolder gets one folder by its id (Coda API 1.5.0, getFolder).
func (c *call) getFolder() (any, error) {
	f := find(c.w.Folders, func(f *Folder) bool { return f.ID == c.args[0] })
	if f == nil {
		return nil, problem(http.StatusNotFound, "Could not find a folder with the specified ID.")
	}
	return c.folder(f), nil
}

// folder is a folder as the API shows it. One that has no creation time is sent without.
func (c *call) folder(f *Folder) wireFolder {
	out := wireFolder{
		ID: f.ID, Type: "folder", Name: f.Name, BrowserLink: folderRef(f).BrowserLink,
		CanEdit: true, Workspace: c.workspace(f),
	}
	if !f.CreatedAt.IsZero() {
		out.CreatedAt = when(f.CreatedAt)
	}
	return out
}

// workspace names a folder's workspace. Of other workspaces than the user's the name is
// not shown.
func (c *call) workspace(f *Folder) containerRef {
	if id := c.w.workspaceOf(f); id != c.w.ID {
		return workspaceRef(id, "")
	}
	return workspaceRef(c.w.ID, c.w.Name)
}

// listDocs lists the docs that the user has opened, newest event first.
func (c *call) listDocs() (any, error) {
	keep := []func(*Doc) bool{func(d *Doc) bool { return !d.NeverOpened }}
	for name, of := range map[string]func(*Doc) bool{
		"isOwner":     func(d *Doc) bool { return d.owner(c.w) == c.w.User },
		"isPublished": func(d *Doc) bool { return d.Published != "" },
		"isStarred":   func(d *Doc) bool { return d.Starred },
		"inGallery":   func(d *Doc) bool { return d.Gallery },
	} {
		want, set, err := c.flag(name)
		if err != nil {
			return nil, err
		}
		// Only isStarred=false selects; the others' false shows everything.
		if want || set && name == "isStarred" {
			keep = append(keep, func(d *Doc) bool { return of(d) == want })
		}
	}
	for name, of := range map[string]func(*Doc) string{
		"sourceDoc":   func(d *Doc) string { return d.Source },
		"workspaceId": func(d *Doc) string { return c.w.workspaceOf(c.w.folder(d)) },
		"folderId":    func(d *Doc) string { return c.w.folder(d).ID },
	} {
		if want := c.query.Get(name); want != "" {
			keep = append(keep, func(d *Doc) bool { return of(d) == want })
		}
	}
	if q := c.query.Get("query"); q != "" {
		keep = append(keep, func(d *Doc) bool { return containsFold(d.Name, q) })
	}
	var out []*Doc
	for _, d := range c.w.Docs {
		if !slices.ContainsFunc(keep, func(ok func(*Doc) bool) bool { return !ok(d) }) {
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b *Doc) int { return b.lastEvent().Compare(a.lastEvent()) })
	return list(c, out, mostLists, c.doc)
}

// getDoc gets the doc of the path, also one that the user never opened (Coda API 1.5.0, getDoc).
func (c *call) getDoc() (any, error) { return c.doc(c.d), nil }

// doc is a doc as the API shows it. A list and a get send the same fields.
func (c *call) doc(d *Doc) wireDoc {
	f, owner := c.w.folder(d), d.owner(c.w)
	out := wireDoc{
		docRef: c.docRef(d.ID), Name: d.Name, Owner: owner.Email, OwnerName: owner.Name,
		CreatedAt: when(d.CreatedAt), UpdatedAt: when(d.UpdatedAt), Icon: iconOf(d.Icon),
		DocSize: d.size(), WorkspaceID: c.w.workspaceOf(f), FolderID: f.ID,
		Workspace: c.workspace(f), Folder: folderRef(f),
	}
	if d.Source != "" {
		source := c.docRef(d.Source)
		out.SourceDoc = &source
	}
	if d.Published != "" {
		out.Published = &published{
			BrowserLink: docLink(d.ID), Discoverable: d.Gallery, Mode: d.Published,
			Categories: []map[string]string{},
		}
	}
	return out
}

// docRef is a reference to a doc, which need not exist any more: the source of a copy may be gone.
func (c *call) docRef(id string) docRef {
	return docRef{id, "doc", c.base + "/docs/" + url.PathEscape(id), docLink(id)}
}

// size counts what is in a doc. Rows are those of base tables: a view has none of its own.
func (d *Doc) size() docSize {
	size := docSize{TableAndViewCount: len(d.Tables), PageCount: len(d.Pages), OverAPISizeLimit: d.Oversized}
	for _, t := range d.Tables {
		if t.Base == "" {
			size.BaseTableCount++
			size.TotalRowCount += len(t.Rows)
		}
	}
	return size
}

// getACLMetadata tells what the user may do: the owner everything, all others copy (Coda API 1.5.0, getSharingMetadata).
func (c *call) getACLMetadata() (any, error) {
	mine := c.d.owner(c.w) == c.w.User
	return aclMetadata{CanShare: mine, CanShareWithWorkspace: mine, CanShareWithOrg: mine, CanCopy: true}, nil
}

// listPermissions lists who may do what with the doc (Coda API 1.5.0, getPermissions).
func (c *call) listPermissions() (any, error) {
	return list(c, c.d.Permissions, mostLists, func(p *Permission) wirePermission {
		return wirePermission{p.Principal, p.ID, p.Access}
	})
}
