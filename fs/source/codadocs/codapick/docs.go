package codapick

import (
	"fmt"
	"strings"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
)

// DocID returns the id in a selector that is a link or may be an id. Every id may also be somebody's name for a doc; the caller
// tries it as an id first.
func DocID(selector string) (id string, link bool) {
	if id, ok := coda.DocOfLink(selector); ok {
		return id, true
	}
	if fs.ValidID(selector) {
		return selector, false
	}
	return "", false
}

// Matches reports whether a selector matches d.
func Matches(selector string, d coda.Doc) bool {
	id, _ := DocID(selector)
	return id == d.ID || selector == d.Name
}

// Which returns the docs that a selector matches.
func Which(docs []coda.Doc, selector string) (found []coda.Doc) {
	for _, d := range docs {
		if Matches(selector, d) {
			found = append(found, d)
		}
	}
	return found
}

// DidYouMean suggests the doc that a selector probably meant; the selector may be the name of the doc's folder. It
// returns "" if there is none. The list is at hand, so it costs no request.
func DidYouMean(selector string, docs []coda.Doc) string {
	names := make([]string, len(docs))
	for i, d := range docs {
		names[i] = d.Name
		if strings.HasSuffix(selector, "__"+d.ID) {
			return fmt.Sprintf("; did you mean %q?", d.Name)
		}
	}
	if near := fs.Nearest(selector, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}
