package fs

import (
	"net/url"
	"regexp"
	"strings"
)

// docLink finds the id in a doc's browser link: the first part of the path ends in _d and the id.
var docLink = regexp.MustCompile(`^https://[^/]+/d/[^/?#]*_d([A-Za-z0-9_-]{10})(?:[/?#]|$)`)

// DocOfLink gives the id of the doc that a browser link leads into; ok is false for any other address.
func DocOfLink(link string) (id string, ok bool) {
	m := docLink.FindStringSubmatch(link)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// How the parts of browser links begin that name a page and a table.
const (
	TailPage  = "_su"
	TailTable = "_tu"
)

// LinkTail finds what a browser link names in its doc: after /d/DOC comes Page-Name_suXYZ, or #Table-Name_tuXYZ,
// which may go on with a row. It is "" for a doc.
func LinkTail(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	table, _, _ := strings.Cut(u.Fragment, "/")
	if i := strings.LastIndex(table, TailTable); i >= 0 {
		return table[i:]
	}
	if i := strings.LastIndex(u.Path, TailPage); i >= 0 {
		return strings.Trim(u.Path[i:], "/")
	}
	return ""
}
