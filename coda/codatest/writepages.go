package codatest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// canvasContent is a PageContent. The stand-in keeps pages as Markdown; of HTML it knows no more than its own exports have.
type canvasContent struct {
	Format  string `json:"format"`
	Content string `json:"content"`
}

// createPage makes a page (Coda API 1.5.0, createPage). Its id is told at once; until the write is applied the page itself is
// 404, and is no parent of others (observed).
func (c *call) createPage() (any, error) {
	var sent struct {
		Name, Subtitle, IconName string
		ParentPageID             string `json:"parentPageId"`
		PageContent              *struct {
			Type          string
			CanvasContent canvasContent
		}
	}
	if err := c.body(&sent); err != nil {
		return nil, err
	}
	if sent.ParentPageID != "" && find(c.d.Pages, func(p *Page) bool { return p.ID == sent.ParentPageID }) == nil {
		return nil, problem(http.StatusBadRequest, fmt.Sprintf("Invalid parentPageId: could not find a page with id %s.", sent.ParentPageID))
	}
	p := &Page{ID: shortID("canvas-", c.d.ID, fmt.Sprint(c.w.writes)), Name: sent.Name, Subtitle: sent.Subtitle, Icon: sent.IconName,
		Parent: sent.ParentPageID, Author: c.userOf()}
	if sent.PageContent != nil {
		p.Type = strings.TrimPrefix(sent.PageContent.Type, "canvas")
		p.Body = sent.PageContent.CanvasContent.markdown()
	}
	return rowQueued{p.ID, c.queue(func(d *Doc, now time.Time) {
		p.CreatedAt, p.UpdatedAt = now, now
		d.Pages = append(d.Pages, p)
	})}, nil
}

// updatePage changes what is said of a page, and its text (Coda API 1.5.0, updatePage).
func (c *call) updatePage() (any, error) {
	p, err := c.findPage()
	if err != nil {
		return nil, err
	}
	var sent struct {
		Name, Subtitle, IconName *string
		IsHidden                 *bool
		ContentUpdate            *contentUpdate
	}
	if err := c.body(&sent); err != nil {
		return nil, err
	}
	if u := sent.ContentUpdate; u != nil && u.ElementID != "" && p.lineOf(u.ElementID) < 0 {
		return nil, problem(http.StatusBadRequest, "Could not find an element with the specified ID.")
	}
	id := p.ID
	return rowQueued{id, c.queue(func(d *Doc, now time.Time) {
		p := find(d.Pages, func(p *Page) bool { return p.ID == id })
		if p == nil {
			return
		}
		for _, set := range []struct{ from, to *string }{{sent.Name, &p.Name}, {sent.Subtitle, &p.Subtitle}, {sent.IconName, &p.Icon}} {
			if set.from != nil {
				*set.to = *set.from
			}
		}
		if sent.IsHidden != nil {
			p.Hidden = *sent.IsHidden
		}
		if sent.ContentUpdate != nil {
			sent.ContentUpdate.apply(d, p)
		}
		p.UpdatedAt = now
	})}, nil
}

// contentUpdate is a PageContentUpdate.
type contentUpdate struct {
	InsertionMode string
	ElementID     string `json:"elementId"`
	CanvasContent canvasContent
}

// apply changes a page's text. To replace all of it destroys the tables that stand on the page (observed); a line's
// replacement leaves all else.
func (u contentUpdate) apply(d *Doc, p *Page) {
	text := u.CanvasContent.markdown()
	if u.ElementID != "" {
		if at := p.lineOf(u.ElementID); at >= 0 {
			p.editLine(at, func(old string) []string {
				switch u.InsertionMode {
				case "append":
					return []string{old, text}
				case "prepend":
					return []string{text, old}
				}
				return []string{text}
			})
		}
		return
	}
	switch u.InsertionMode {
	case "append":
		p.Body = joinText(p.Body, text)
	case "prepend":
		p.Body = joinText(text, p.Body)
	default:
		p.Body = text
		d.Tables = slices.DeleteFunc(slices.Clone(d.Tables), func(t *Table) bool { return t.Parent == p.ID })
	}
}

// joinText puts one text below another: a new line of a page begins a line.
func joinText(a, b string) string {
	if a != "" && !strings.HasSuffix(a, "\n") {
		a += "\n"
	}
	return a + b
}

// deletePage deletes a page. Tables that stand on it stay behind (observed).
func (c *call) deletePage() (any, error) {
	p, err := c.findPage()
	if err != nil {
		return nil, err
	}
	id := p.ID
	return rowQueued{id, c.queue(func(d *Doc, _ time.Time) {
		if p := find(d.Pages, func(p *Page) bool { return p.ID == id }); p != nil {
			for _, below := range subtree(d, p) {
				d.removed[below.ID] = true
			}
			d.Pages = slices.DeleteFunc(slices.Clone(d.Pages), func(p *Page) bool { return d.removed[p.ID] })
		}
	})}, nil
}

// deleteContent deletes lines of a page, without ids all of them, which leaves an empty one (observed).
func (c *call) deleteContent() (any, error) {
	p, err := c.findPage()
	if err != nil {
		return nil, err
	}
	var sent struct {
		ElementIDs []string `json:"elementIds"`
	}
	if err := c.body(&sent); err != nil {
		return nil, err
	}
	id := p.ID
	return rowQueued{id, c.queue(func(d *Doc, now time.Time) {
		p := find(d.Pages, func(p *Page) bool { return p.ID == id })
		if p == nil {
			return
		}
		if len(sent.ElementIDs) == 0 {
			p.Body = ""
		}
		// All places are those of before: ids of equal lines count them.
		var gone []int
		for _, id := range sent.ElementIDs {
			if at := p.lineOf(id); at >= 0 {
				gone = append(gone, at)
			}
		}
		slices.Sort(gone)
		for _, at := range slices.Backward(slices.Compact(gone)) {
			p.editLine(at, func(string) []string { return nil })
		}
		p.UpdatedAt = now
	})}, nil
}

// lineOf is the place of a line among the page's lines, -1 if it has none of that id.
func (p *Page) lineOf(id string) int {
	return slices.IndexFunc(p.lines(), func(l line) bool { return l.wire(p.ID).ID == id })
}

// editLine replaces the source of one line of the page, by its place among the lines.
func (p *Page) editLine(at int, f func(old string) []string) {
	var out []string
	place := -1
	code := false
	for s := range strings.Lines(p.Body) {
		s = strings.TrimRight(s, "\n")
		fence := strings.HasPrefix(s, "```")
		if fence {
			code = !code
		}
		if !fence && (code || isLine(s)) {
			if place++; place == at {
				out = append(out, f(s)...)
				continue
			}
		}
		out = append(out, s)
	}
	p.Body = strings.Join(out, "\n")
	if p.Body != "" {
		p.Body += "\n"
	}
}

// isLine reports whether a line of Markdown, outside of code, is a line of a page to the API.
func isLine(s string) bool {
	return strings.TrimSpace(s) != "" && !strings.HasPrefix(s, "|") && !rule.MatchString(s)
}

// markdown is the content as the stand-in keeps it.
func (c canvasContent) markdown() string {
	if c.Format != "html" {
		return c.Content
	}
	return htmlText.ReplaceAllString(c.Content, "")
}
