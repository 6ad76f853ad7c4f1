package codatest

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// A page names its pasted images, videos and files by their ids, which no other text of a page looks like.
var (
	blobMark = regexp.MustCompile(`!\[([^\]]*)\]\(blob:([^)\s]*)\)`)
	blobLine = regexp.MustCompile(`(?m)^(?:!\[[^\]]*\]\(blob:[^)\s]*\) *)+(?:\n\n?|\z)`)
)

// withoutBlobs is Markdown as the service exports it: what was pasted is not in it.
func withoutBlobs(markdown string) string {
	return blobMark.ReplaceAllString(blobLine.ReplaceAllString(markdown, ""), "")
}

// withBlobs shows the blobs in a line of HTML.
func withBlobs(d *Doc, line string) string {
	return blobMark.ReplaceAllStringFunc(line, func(mark string) string {
		m := blobMark.FindStringSubmatch(mark)
		return blobHTML(d, html.UnescapeString(m[2]), html.UnescapeString(m[1]))
	})
}

// blobHTML is a blob as an HTML export shows it. Images have been seen in this form, with these characters beside them,
// videos as <video> with a <source>; how other files come is not recorded.
func blobHTML(d *Doc, id, alt string) string {
	b := d.blob(id)
	if b == nil {
		b = &Blob{Type: "image/png"}
	}
	escape, address := html.EscapeString, html.EscapeString(d.blobURL(id))
	marks := fmt.Sprintf(`data-coda-blob-id="%s" data-coda-mime-type="%s"`, escape(id), escape(b.Type))
	switch {
	case strings.HasPrefix(b.Type, "image/"):
		return fmt.Sprintf("\u200b"+`<span style="display: inline-block"><img %s alt="%s" src="%s" width="%d" height="%d"></span>`+"\ufffc",
			marks, escape(alt), address, b.Width, b.Height)
	case strings.HasPrefix(b.Type, "video/"):
		return fmt.Sprintf(`<video controls><source src="%s" type="%s"></video>`, address, escape(b.Type))
	}
	return fmt.Sprintf(`<a %s href="%s">%s</a>`, marks, address, escape(alt))
}

// htmlCell is a cell in an HTML export.
func htmlCell(d *Doc, v Value) string {
	switch v := v.(type) {
	case Image:
		if v.Blob != "" {
			return blobHTML(d, v.Blob, v.of(d).Name)
		}
	case List:
		var parts []string
		for _, m := range v {
			parts = append(parts, htmlCell(d, m))
		}
		return strings.Join(parts, ",")
	}
	return html.EscapeString(plain(d, v))
}

// coverHTML is a page's cover, which an export has first; "" where the page has none.
func coverHTML(d *Doc, p *Page) string {
	if p.Cover == "" {
		return ""
	}
	return "<div>" + blobHTML(d, p.Cover, "") + "</div>\n"
}

// wireImage is an Image: a page's cover.
type wireImage struct {
	BrowserLink string `json:"browserLink"`
	Type        string `json:"type"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
}

// cover is a page's cover as the API shows it.
func (d *Doc) cover(p *Page) *wireImage {
	b := d.blob(p.Cover)
	if b == nil {
		return nil
	}
	return &wireImage{d.blobURL(b.ID), b.Type, b.Width, b.Height}
}
