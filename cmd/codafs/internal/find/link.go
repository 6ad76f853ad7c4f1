package find

import (
	"net/url"
	"slices"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
)

// target is what a link leads to: a doc, or an object in it, by its id or by the tail of its browser link. Only one of object
// and tail is known, since a browser link does not have the id of a page or a table.
type target struct {
	doc    string
	object string // "" for the doc itself, and if only tail is known
	// tail is the part of a browser link that names a page or a table, with its prefix (see [coda.LinkTail]).
	tail string
}

// parseLink parses a browser link, an address on the API, or an address of ids such as docs://DOC/pages/PAGE. A link to
// a row leads to its table: a row is no file. Any host is accepted, since Coda's links have more than one; what counts is that
// the id is that of a doc in the tree. The error is a usage error.
func parseLink(link string) (target, error) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme == "" {
		return target{}, exit.Usagef("%q is no link", link)
	}
	if doc, ok := coda.DocOfLink(link); ok {
		return target{doc: doc, tail: coda.LinkTail(link)}, nil
	}
	parts := strings.Split(strings.Trim(u.Host+u.Path, "/"), "/")
	// An address of the API has /apis/v1 before docs; any other web address is a page somewhere.
	if u.Scheme == "https" || u.Scheme == "http" {
		at := slices.Index(parts, "docs")
		if at < 0 || !strings.Contains(u.Path, "/apis/") {
			return target{}, exit.Usagef("%q leads to no doc: want a link such as https://coda.io/d/Name_dAbCDeFGH1a/Page_suXyz", link)
		}
		parts = parts[at:]
	}
	return targetOfIDs(link, parts)
}

// targetOfIDs finds the ids in the parts of an address, such as docs/DOC/tables/TABLE/rows/ROW. The words between them only
// say of what kind an id is, which the tree knows too; whatever follows the second id is left out.
func targetOfIDs(link string, parts []string) (target, error) {
	words := []string{"docs", "pages", "canvases", "tables", "views", "rows", ""}
	ids := slices.DeleteFunc(slices.Clone(parts), func(p string) bool { return slices.Contains(words, p) })
	switch len(ids) {
	case 0:
		return target{}, exit.Usagef("%q names no doc", link)
	case 1:
		return target{doc: ids[0]}, nil
	}
	return target{doc: ids[0], object: ids[1]}, nil
}

// isDoc reports whether the link leads to the doc itself.
func (t target) isDoc() bool { return t.object == "" && t.tail == "" }

// folders are the folders of the doc that may have the file. The prefix of a browser link says which it is, an id does not.
func (t target) folders() []string {
	switch {
	case strings.HasPrefix(t.tail, coda.TailPage):
		return []string{"pages"}
	case t.tail != "":
		return []string{"tables"}
	}
	return []string{"pages", "tables"}
}

// means reports whether a node is the file that the link leads to. Of an object's files it is the one that people read: a
// page's text or its .page.json, a table's CSV.
func (t target) means(n fs.Node) bool {
	o := n.Object()
	if o.Kind != fs.KindPage && o.Kind != fs.KindPageJSON && o.Kind != fs.KindRows {
		return false
	}
	if t.object != "" {
		return o.ID == t.object
	}
	return t.tail == coda.LinkTail(o.URL)
}
