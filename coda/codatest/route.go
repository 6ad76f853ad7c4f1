package codatest

import (
	"net/http"
	"net/url"
	"strings"
)

// call is one request to the API while it is answered, with the workspace locked.
type call struct {
	s *Server
	w *Workspace
	r *http.Request
	// base is the address of the API as the client called it; hrefs echo it.
	base string
	// path is the escaped path below Base.
	path string
	// token is what the caller may do.
	token Token
	// args are the path's variable parts, decoded.
	args []string
	// query is the request's, or, with a pageToken, that of the listing's first page.
	query  url.Values
	offset int
	status int
	// d is the doc, for paths below /docs/{docId}.
	d *Doc
}

// route is one endpoint; a part "*" of its path stands for any one part.
type route struct {
	method, path string
	handle       func(*call) (any, error)
}

var routes = []route{
	{"GET", "/whoami", (*call).whoami},
	{"GET", "/resolveBrowserLink", (*call).resolveBrowserLink},
	{"GET", "/mutationStatus/*", (*call).mutationStatus},
	{"GET", "/folders", (*call).listFolders},
	{"GET", "/folders/*", (*call).getFolder},
	{"GET", "/docs", (*call).listDocs},
	{"GET", "/docs/*", (*call).getDoc},
	{"GET", "/docs/*/acl/metadata", (*call).getACLMetadata},
	{"GET", "/docs/*/acl/permissions", (*call).listPermissions},
	{"GET", "/docs/*/pages", (*call).listPages},
	{"POST", "/docs/*/pages", (*call).createPage},
	{"GET", "/docs/*/pages/*", (*call).getPage},
	{"PUT", "/docs/*/pages/*", (*call).updatePage},
	{"DELETE", "/docs/*/pages/*", (*call).deletePage},
	{"GET", "/docs/*/pages/*/content", (*call).listContent},
	{"DELETE", "/docs/*/pages/*/content", (*call).deleteContent},
	{"POST", "/docs/*/pages/*/export", (*call).beginExport},
	{"GET", "/docs/*/pages/*/export/*", (*call).getExport},
	{"GET", "/docs/*/tables", (*call).listTables},
	{"GET", "/docs/*/tables/*", (*call).getTable},
	{"GET", "/docs/*/tables/*/columns", (*call).listColumns},
	{"GET", "/docs/*/tables/*/columns/*", (*call).getColumn},
	{"GET", "/docs/*/tables/*/rows", (*call).listRows},
	{"POST", "/docs/*/tables/*/rows", (*call).upsertRows},
	{"DELETE", "/docs/*/tables/*/rows", (*call).deleteRows},
	{"GET", "/docs/*/tables/*/rows/*", (*call).getRow},
	{"PUT", "/docs/*/tables/*/rows/*", (*call).updateRow},
	{"DELETE", "/docs/*/tables/*/rows/*", (*call).deleteRow},
	{"GET", "/docs/*/formulas", (*call).listFormulas},
	{"GET", "/docs/*/formulas/*", (*call).getFormula},
	{"GET", "/docs/*/controls", (*call).listControls},
	{"GET", "/docs/*/controls/*", (*call).getControl},
}

// route has the endpoint for the request answer it.
func (s *Server) route(r *http.Request, path string, may Token) (status int, body any, err error) {
	for _, rt := range routes {
		if args, ok := match(rt.path, path); ok && rt.method == r.Method {
			c := &call{s: s, w: s.w, r: r, base: baseOf(r), path: path, token: may, args: args, status: http.StatusOK}
			if c.query, c.offset, err = listing(path, r.URL.Query()); err != nil {
				return 0, nil, err
			}
			s.w.mu.Lock()
			defer s.w.mu.Unlock()
			s.w.settle(s.o.Now())
			if err = c.findDoc(); err != nil {
				return 0, nil, err
			}
			body, err = rt.handle(c)
			return c.status, body, err
		}
	}
	return 0, nil, problem(http.StatusNotFound, "")
}

// match compares a path with a route's and gives what stands for its stars.
func match(pattern, path string) (args []string, ok bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	for i := range want {
		switch part, err := url.PathUnescape(got[i]); {
		case err != nil:
			return nil, false
		case want[i] == "*" && part != "":
			args = append(args, part)
		case want[i] != part:
			return nil, false
		}
	}
	return args, true
}

// baseOf is the address of the API as the client sees it.
func baseOf(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + Base
}

// findDoc finds the doc of a path below /docs/{docId}, and refuses to read it where it is
// not as new as the client demands.
func (c *call) findDoc() error {
	if !strings.HasPrefix(c.path, "/docs/") {
		return nil
	}
	if c.d = c.w.doc(c.args[0]); c.d == nil {
		return problem(http.StatusNotFound, "Could not find a doc with the specified ID.")
	}
	c.d.compute(c.s.o.Now())
	newest := c.d
	c.lagging()
	c.d.addresses = c.s.addresses(c.s.o.Now())
	switch c.r.Header.Get("X-Coda-Doc-Version") {
	case "":
		return nil
	case "latest":
		if c.d == newest && c.s.o.Now().Sub(c.d.UpdatedAt) >= c.s.o.StaleFor && !(c.s.o.WaitingIsStale && c.w.waiting(c.d.ID)) {
			return nil
		}
	}
	return problem(http.StatusBadRequest, "Doc is not yet up to date.")
}

// flag is a boolean parameter; set tells whether it was given.
func (c *call) flag(name string) (value, set bool, err error) {
	switch c.query.Get(name) {
	case "":
		return false, false, nil
	case "true":
		return true, true, nil
	case "false":
		return false, true, nil
	}
	return false, false, badParameter(name)
}

// choice is a parameter with fixed values, the first of which is its default.
func (c *call) choice(name string, values ...string) (string, error) {
	got := c.query.Get(name)
	if got == "" {
		return values[0], nil
	}
	for _, v := range values {
		if got == v {
			return v, nil
		}
	}
	return "", badParameter(name)
}

// badParameter is the service's answer to a parameter that its schema refuses.
func badParameter(name string) error {
	e := problem(http.StatusBadRequest, "")
	e.CodaType = "RequestSchemaValidationFailed"
	e.CodaDetail = map[string]any{"issues": []any{map[string]any{
		"code": "invalid_value", "path": []string{name}, "message": "Invalid input",
	}}}
	return e
}
