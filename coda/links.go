package coda

import (
	"net/url"
	"regexp"
	"strings"
)

// docLink finds the doc's id in a browser link: the first part of the path ends in _d and the id.
var docLink = regexp.MustCompile(`^https://[^/]+/d/[^/?#]*_d([A-Za-z0-9_-]{10})(?:[/?#]|$)`)

// DocOfLink returns the id of the doc that a browser link leads into; ok is false for any other address.
func DocOfLink(link string) (id string, ok bool) {
	m := docLink.FindStringSubmatch(link)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// The beginnings of those parts of browser links that name a page and a table.
const (
	TailPage  = "_su" // in the path
	TailTable = "_tu" // in the fragment
)

// LinkTail returns the part of a browser link that names an object in its doc: after /d/DOC comes Page-Name_suXYZ, or
// #Table-Name_tuXYZ, which a row may follow. It is "" for the link of a doc.
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
