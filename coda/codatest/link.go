package codatest

import (
	"net/http"
	"net/url"
	"strings"
)

// resolveBrowserLink finds the object behind a link as browsers show it:
// /d/<name>_d<doc>, then /<name>_su<page> or #<name>_tu<table>, which may go on /_ru<row>.
// With degradeGracefully a deleted object resolves to its doc.
func (c *call) resolveBrowserLink() (any, error) {
	sent := c.query.Get("url")
	degrade, _, err := c.flag("degradeGracefully")
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(sent)
	if err != nil || u.Host != "coda.io" && u.Host != "docs.superhuman.com" {
		return nil, problem(http.StatusBadRequest, "")
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) < 2 || parts[0] != "d" || !c.docOfSlug(parts[1]) {
		return nil, problem(http.StatusNotFound, "")
	}
	target, ok := c.resolve(parts[2:], u.Fragment)
	if !ok && !degrade {
		return nil, problem(http.StatusNotFound, "")
	}
	if !ok {
		target = c.docTarget()
	}
	return apiLink{Type: "apiLink", Href: c.base + c.path + "?" + c.r.URL.RawQuery, BrowserLink: sent, Resource: target}, nil
}

// docOfSlug finds the doc by its id after the last "_d". Ids may hold "_d" themselves, so the
// docs are asked, and the longest id wins.
func (c *call) docOfSlug(slug string) bool {
	for _, d := range c.w.Docs {
		if strings.HasSuffix(slug, "_d"+d.ID) && (c.d == nil || len(d.ID) > len(c.d.ID)) {
			c.d = d
		}
	}
	return c.d != nil
}

// resolve finds what a link names within its doc.
func (c *call) resolve(path []string, fragment string) (resolvedLink, bool) {
	if table, row, ok := strings.Cut(fragment, "/_ru"); strings.Contains(fragment, "_tu") {
		for _, t := range c.d.Tables {
			if !strings.HasSuffix(table, "_tu"+t.ID) {
				continue
			}
			if !ok {
				return resolvedLink{"table", t.ID, t.Name, c.href("tables", t.ID)}, true
			}
			r := find(c.d.base(t).Rows, func(r *Row) bool { return r.ID == row })
			if r == nil {
				return resolvedLink{}, false
			}
			return resolvedLink{"row", r.ID, c.d.rowName(t, r), c.href("tables", t.ID, "rows", r.ID)}, true
		}
		return resolvedLink{}, false
	}
	if len(path) == 0 {
		return c.docTarget(), true
	}
	for _, p := range c.d.Pages {
		if strings.HasSuffix(path[0], "_su"+c.d.pageSuffix(p)) || strings.HasSuffix(c.pageRef(p).BrowserLink, "/"+path[0]) {
			return resolvedLink{"page", p.ID, p.Name, c.href("pages", p.ID)}, true
		}
	}
	return resolvedLink{}, false
}

func (c *call) docTarget() resolvedLink {
	return resolvedLink{"doc", c.d.ID, c.d.Name, c.href()}
}
