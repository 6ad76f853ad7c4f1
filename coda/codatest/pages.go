package codatest

import (
	"net/http"
	"net/url"
	"strconv"
)

// listPages lists all pages, hidden ones too, in tree order (Coda API 1.5.0, listPages).
func (c *call) listPages() (any, error) {
	return list(c, c.d.pageTree(), mostLists, c.page)
}

// getPage gets a page by id or name (Coda API 1.5.0, getPage).
func (c *call) getPage() (any, error) {
	p, err := c.findPage()
	if err != nil {
		return nil, err
	}
	return c.page(p), nil
}

// findPage finds the page of the path, by id or name. A deleted page is gone: 410.
func (c *call) findPage() (*Page, error) {
	key := c.args[1]
	if p := c.d.page(key); p != nil {
		return p, nil
	}
	if c.d.removed[key] {
		return nil, problem(http.StatusGone, "")
	}
	return nil, problem(http.StatusNotFound, "Could not find a page with the specified ID or name.")
}

// page is a page as the API shows it. Its author stands for all of its authors, and for who made and changed it.
func (c *call) page(p *Page) wirePage {
	author := p.Author
	if author == (Person{}) {
		author = c.d.owner(c.w)
	}
	by := wirePerson(author)
	out := wirePage{
		ID: p.ID, Type: "page", Href: c.href("pages", p.ID), Name: p.Name, Subtitle: p.Subtitle,
		Icon: iconOf(p.Icon), Image: c.d.cover(p), ContentType: p.contentType(), IsHidden: p.Hidden,
		EffectivelyHidden: c.d.effectivelyHidden(p), BrowserLink: c.d.pageLink(p),
		Children: []*pageRef{}, Authors: []person{by}, CreatedBy: by, UpdatedBy: by,
		CreatedAt: when(p.CreatedAt), UpdatedAt: when(p.UpdatedAt),
	}
	for _, child := range c.d.children(p) {
		out.Children = append(out.Children, c.pageRef(child))
	}
	if p.Parent != "" {
		if out.Parent = c.pageRefByID(p.Parent); out.Parent == nil {
			out.Parent = c.pageRef(&Page{ID: p.Parent}) // the parent is missing from the list
		}
	}
	return out
}

// pageRef is a reference to a page. Its browser link may differ from the page's own.
func (c *call) pageRef(p *Page) *pageRef {
	return &pageRef{
		ID: p.ID, Type: "page", Href: c.href("pages", p.ID),
		BrowserLink: docLink(c.d.ID) + "/_su" + p.ID[max(0, len(p.ID)-6):], Name: p.Name,
	}
}

// pageRefByID is nil where there is no such page.
func (c *call) pageRefByID(id string) *pageRef {
	if p := find(c.d.Pages, func(p *Page) bool { return p.ID == id }); p != nil {
		return c.pageRef(p)
	}
	return nil
}

// href is the API link of an object of the call's doc.
func (c *call) href(parts ...string) string {
	s := c.base + "/docs/" + url.PathEscape(c.d.ID)
	for _, p := range parts {
		s += "/" + url.PathEscape(p)
	}
	return s
}

// listContent lists the lines of a page: plain text; tables, links and images are missing.
func (c *call) listContent() (any, error) {
	p, err := c.findPage()
	if err != nil {
		return nil, err
	}
	if _, err := c.choice("contentFormat", "plainText"); err != nil {
		return nil, err
	}
	var all []line
	if p.contentType() == "canvas" {
		all = p.lines()
	}
	return list(c, all, lineList, func(l line) wireLine { return l.wire(p.ID) })
}

// wire is a line as the API shows it. Its id stays when other lines come or go.
func (l line) wire(page string) wireLine {
	out := wireLine{
		ID: shortID("cl-", page, l.source, strconv.Itoa(l.number)), Type: "line",
		Content: lineContent{Style: l.style, Format: "plainText", Content: l.text()},
	}
	if l.style[0] != 'h' {
		out.Content.Level = &l.level
	}
	return out
}
