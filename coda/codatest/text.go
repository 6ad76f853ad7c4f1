package codatest

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// line is one line of a page, as GET …/content shows it: text without marks.
type line struct {
	number int    // among the lines of its page with the same source: lines keep their ids when others come
	style  string // of the API's PageLineStyle
	source string // the Markdown of the line, without what made its style
	level  int
}

var (
	listItem = regexp.MustCompile(`^( *)(?:[-*]|(\d+)\.) (?:\[([ x])\] )?(.*)$`)
	heading  = regexp.MustCompile(`^(#{1,3}) (.*)$`)
	htmlText = regexp.MustCompile(`<[^>]*>`)
	rule     = regexp.MustCompile(`^(?:---+|\*\*\*+|___+)$`)
)

// lines gives the lines of a page, and keeps them: long pages are listed in many requests.
func (p *Page) lines() []line {
	if p.split == nil || p.splitOf != p.Body {
		p.split, p.splitOf = lines(p.Body), p.Body
	}
	return p.split
}

// lines splits the Markdown of a page. Pipe tables, rules and empty lines are not lines of
// a page to the API; an empty page has one empty paragraph.
func lines(markdown string) []line {
	var out []line
	code, before := false, map[string]int{}
	add := func(l line) {
		l.number = before[l.source]
		before[l.source]++
		out = append(out, l)
	}
	for s := range strings.Lines(markdown) {
		s = strings.TrimRight(s, "\n")
		switch {
		case strings.HasPrefix(s, "```"):
			code = !code
		case code:
			add(line{style: "code", source: s})
		case isLine(s):
			add(parseLine(s))
		}
	}
	if out == nil {
		out = []line{{style: "paragraph"}}
	}
	return out
}

// parseLine reads one line of Markdown. A level is two blanks.
func parseLine(s string) line {
	if m := heading.FindStringSubmatch(s); m != nil {
		return line{style: fmt.Sprintf("h%d", len(m[1])), source: m[2]}
	}
	if rest, ok := strings.CutPrefix(s, "> "); ok {
		return line{style: "blockQuote", source: rest}
	}
	m := listItem.FindStringSubmatch(s)
	if m == nil {
		return line{style: "paragraph", source: s}
	}
	l := line{style: "bulletedList", source: m[4], level: len(m[1]) / 2}
	switch {
	case m[3] != "":
		l.style = "checkboxList"
	case m[2] != "":
		l.style = "numberedList"
	}
	return l
}

var (
	imageMark = regexp.MustCompile(`!\[([^\]]*)\]\(([^)]*)\)`)
	link      = regexp.MustCompile(`\[([^\]]*)\]\(([^)]*)\)`)
	bold      = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	italic    = regexp.MustCompile(`\*([^*]+)\*`)
	inline    = regexp.MustCompile("`([^`]+)`")
)

// text is the line without links, marks and images.
func (l line) text() string {
	if l.style == "code" {
		return l.source
	}
	s := imageMark.ReplaceAllString(l.source, "")
	for _, mark := range []*regexp.Regexp{link, bold, italic, inline} {
		s = mark.ReplaceAllString(s, "$1")
	}
	return s
}

// html is the line's inner HTML.
func (l line) html(d *Doc) string {
	s := html.EscapeString(l.source)
	if l.style == "code" {
		return s
	}
	s = withBlobs(d, s)
	s = imageMark.ReplaceAllString(s, `<span style="display: inline-block"><img alt="$1" src="$2"></span>`)
	s = link.ReplaceAllString(s, `<a href="$2">$1</a>`)
	s = bold.ReplaceAllString(s, `<b>$1</b>`)
	s = italic.ReplaceAllString(s, `<i>$1</i>`)
	return inline.ReplaceAllString(s, `<code>$1</code>`)
}

// htmlTags are the elements around a run of lines of one style and around each line.
var htmlTags = map[string]struct{ outer, inner string }{
	"h1": {"", "h1"}, "h2": {"", "h2"}, "h3": {"", "h3"}, "paragraph": {"", "p"},
	"blockQuote": {"blockquote", "p"}, "code": {"pre", "code"},
	"bulletedList": {"ul", "li"}, "numberedList": {"ol", "li"}, "checkboxList": {"ul", "li"},
}

// pageHTML is a page as its HTML export shows it.
func pageHTML(d *Doc, p *Page) string {
	var b strings.Builder
	open := ""
	b.WriteString(coverHTML(d, p))
	for _, l := range p.lines() {
		tag := htmlTags[l.style]
		if tag.outer != open {
			closeTag(&b, open)
			if open = tag.outer; open != "" {
				fmt.Fprintf(&b, "<%s>\n", open)
			}
		}
		fmt.Fprintf(&b, "<%s>%s</%[1]s>\n", tag.inner, l.html(d))
	}
	closeTag(&b, open)
	for _, t := range d.tablesOn(p) {
		htmlTable(&b, d, t)
	}
	return b.String()
}

// closeTag ends a run of lines, if one is open.
func closeTag(b *strings.Builder, tag string) {
	if tag != "" {
		fmt.Fprintf(b, "</%s>\n", tag)
	}
}

// htmlTable writes what a table or view shows, as an HTML export has it below the page's text.
func htmlTable(b *strings.Builder, d *Doc, t *Table) {
	fmt.Fprintf(b, "<h2>%s</h2>\n<table data-coda-grid-id=%q>\n<thead><tr>", html.EscapeString(t.Name), t.ID)
	columns := d.shownColumns(t)
	for _, c := range columns {
		fmt.Fprintf(b, "<th data-coda-column-id=%q>%s</th>", c.ID, html.EscapeString(c.Name))
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	for _, r := range d.shownRows(t) {
		b.WriteString("<tr>")
		for _, c := range columns {
			fmt.Fprintf(b, "<td>%s</td>", htmlCell(d, r.Cells[c.ID]))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table>\n")
}

// pageMarkdown is a page as its Markdown export shows it: its text as it is, but for what was pasted, then what
// the tables on it show now.
func pageMarkdown(d *Doc, p *Page) string {
	var b strings.Builder
	b.WriteString(withoutBlobs(p.Body))
	for _, t := range d.tablesOn(p) {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		pipeTable(&b, d, t)
	}
	return b.String()
}

var pipeCell = strings.NewReplacer("|", `\|`, "\r\n", "<br>", "\n", "<br>", "\r", "<br>")

// pipeTable writes what a table or view shows, as a Markdown export has it: its pipes are quoted, its line breaks are tags.
func pipeTable(b *strings.Builder, d *Doc, t *Table) {
	columns := d.shownColumns(t)
	fmt.Fprintf(b, "## %s\n\n|", t.Name)
	for _, c := range columns {
		fmt.Fprintf(b, " %s |", pipeCell.Replace(c.Name))
	}
	b.WriteString("\n|" + strings.Repeat(" --- |", len(columns)) + "\n")
	for _, r := range d.shownRows(t) {
		b.WriteString("|")
		for _, c := range columns {
			fmt.Fprintf(b, " %s |", pipeCell.Replace(plain(d, r.Cells[c.ID])))
		}
		b.WriteString("\n")
	}
}

// tablesOn is the tables and views that stand on p.
func (d *Doc) tablesOn(p *Page) []*Table {
	var on []*Table
	for _, t := range d.Tables {
		if t.Parent == p.ID {
			on = append(on, t)
		}
	}
	return on
}
