package doctor

import (
	"cmp"
	"context"
	"fmt"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs/source/codadocs"
)

// docsTried is in how many docs doctor looks for a page to export. Each takes a request; a doc without any page that can be
// exported is rare.
const docsTried = 3

// checkExport exports one page. Only this shows whether the token may: an export is started by a POST, which a read-only
// token may not send, and no request tells what a token may do. The file is downloaded too, since it comes from another
// host, which a firewall may block. If there is no page, there is no finding. Nothing in Coda changes, and what comes is
// thrown away. A refusal is a warning, not a problem: without exports, pages are read line by line.
func checkExport(ctx context.Context, client *coda.Client, docs []coda.Doc) (f finding, found bool) {
	const check = "export"
	doc, page, found := pageToExport(ctx, client, docs)
	if !found {
		return f, false
	}
	which := fmt.Sprintf("the page %q of the doc %q", page.Name, doc.Name)
	// Markdown, as a mount would; the text is dropped, so a large page is only held for this moment.
	_, err := client.ExportPage(ctx, doc.ID, page.ID, coda.Markdown)
	switch {
	case err == nil:
		return finding{check, isOK, which + " came, with all that Coda exports", ""}, true
	// One refused page says less than it seems: some pages alone are refused. It is only a warning, and names the page.
	case rest.CodeOf(err) == coda.CodeExportRefused:
		return finding{check, isWarning,
			fmt.Sprintf("Coda refuses to export %s with this token; a read-only token gets page text line by line: %s are missing from it",
				which, codadocs.NotInLines),
			"make a token that may write, too: an export is started by a POST, and codafs sends no other"}, true
	}
	return finding{check, isWarning, fmt.Sprintf("%s could not be exported: %s", which, exit.Describe(err)), ""}, true
}

// pageToExport finds a page that can be exported, in the first docs: one of type canvas, which a page without a type counts
// as. Docs whose pages cannot be listed are skipped.
func pageToExport(ctx context.Context, client *coda.Client, docs []coda.Doc) (doc coda.Doc, page coda.Page, found bool) {
	for _, doc := range docs[:min(docsTried, len(docs))] {
		for page, err := range client.Pages(ctx, doc.ID) {
			if err != nil {
				break
			}
			if cmp.Or(page.ContentType, coda.ContentCanvas) == coda.ContentCanvas {
				return doc, page, true
			}
		}
	}
	return doc, page, false
}

// namedDocs asks for the docs that --doc names by id or link, if docs cannot be listed: a token for single docs gets 403 for
// the list. Names cannot be looked up then, so a selector that is no link is taken for an id.
func namedDocs(ctx context.Context, client *coda.Client, selectors []string) (docs []coda.Doc) {
	for _, s := range selectors[:min(docsTried, len(selectors))] {
		id, ok := coda.DocOfLink(s)
		if !ok {
			id = s
		}
		if doc, err := client.Doc(ctx, id); err == nil {
			docs = append(docs, doc)
		}
	}
	return docs
}
