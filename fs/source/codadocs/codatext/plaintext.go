package codatext

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strings"

	"github.com/codafs/codafs/coda"
)

// PlainText renders a page's lines as Markdown (CommonMark, with the boxes of GitHub's). The service gives
// plain text and a style for each line (Coda API 1.5.0, listPageContent). It does not say whether a box is ticked, so all are
// empty; and it leaves out tables, images and links altogether.
//
// Text that would begin a Markdown block at the start of a line is escaped. Within a line nothing is, so that grep
// finds snake_case.
func PlainText(out io.Writer, lines iter.Seq2[coda.Line, error]) error {
	w := plainTextWriter{out: bufio.NewWriter(out)}
	for l, err := range lines {
		if err != nil {
			return err
		}
		w.line(l.Content)
	}
	w.endCode()
	return w.out.Flush()
}

// plainTextWriter writes Markdown line by line. The caller must call endCode at the end, and flush out. Errors of writing are
// kept by out, and returned by its Flush.
type plainTextWriter struct {
	out   *bufio.Writer
	begun bool       // something was written
	block string     // the style of the last line; the same for all kinds of list
	items []listItem // of the last line's list, each nested in the one before
	code  []string   // collected lines of a code block
}

// listItem is an item of a list in which further items may be nested. Levels come from the service (lineLevel), columns are
// what Markdown nests by.
type listItem struct {
	level  int
	style  string
	number int // of a numbered list, from 1
	indent int // columns before its mark
	text   int // columns before its text, where nested items begin
}

var (
	headings = map[string]string{"h1": "# ", "h2": "## ", "h3": "### "}
	bullets  = map[string]string{"bulletedList": "- ", "collapsibleList": "- ", "checkboxList": "- [ ] "}
	newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n")
)

const (
	listBlock    = "list"
	numberedList = "numberedList"
)

// line writes one line of the page. Code lines are collected until another line comes.
func (w *plainTextWriter) line(c coda.LineContent) {
	if c.Style == "code" {
		w.code = append(w.code, c.Text)
		return
	}
	w.endCode()
	text := strings.Trim(newlines.Replace(c.Text), "\n")
	switch {
	case headings[c.Style] != "":
		w.begin(c.Style)
		w.write(headings[c.Style], "", []string{headingText(text)})
	case c.Style == numberedList || bullets[c.Style] != "":
		w.begin(listBlock)
		w.item(c, text)
	case c.Style == "blockQuote" || c.Style == "pullQuote":
		w.begin(c.Style)
		w.write("> ", "> ", texts(text))
	case strings.Trim(text, " \t\n") == "": // an empty line ends the block before it
		w.block, w.items = "", nil
	default: // paragraphs, and styles that are not known today
		w.begin("")
		w.write("", "", texts(text))
	}
}

// begin starts a line, and first writes what separates it from the last one. List items need nothing between them. The
// lines of a quote must become neither one paragraph nor two quotes.
func (w *plainTextWriter) begin(block string) {
	same := block != "" && block == w.block
	switch {
	case same && block == listBlock:
	case same && headings[block] == "":
		w.out.WriteString(">\n")
	case w.begun:
		w.out.WriteByte('\n')
	}
	if block != listBlock {
		w.items = nil
	}
	w.block, w.begun = block, true
}

// write writes the text of one line, which may have several parts: first stands before the first part, rest before the
// others. Two spaces at the end of a part are Markdown's line break.
func (w *plainTextWriter) write(first, rest string, texts []string) {
	prefix := first
	for i, s := range texts {
		if s == "" {
			prefix = strings.TrimRight(prefix, " ")
		} else if i < len(texts)-1 {
			s += "  "
		}
		w.out.WriteString(prefix + s + "\n")
		prefix = rest
	}
}

// maxLevel limits the indent that a broken level could ask for.
const maxLevel = 32

// item writes a list item below the text of the item that contains it: Markdown nests by columns. Levels that no item
// above has are skipped.
func (w *plainTextWriter) item(c coda.LineContent, text string) {
	it := listItem{level: min(max(c.Level, 0), maxLevel), style: c.Style, number: 1}
	for n := len(w.items); n > 0 && w.items[n-1].level >= it.level; n-- {
		if last := w.items[n-1]; last.level == it.level && last.style == it.style {
			it.number = last.number + 1
		}
		w.items = w.items[:n-1]
	}
	if n := len(w.items); n > 0 {
		it.indent = w.items[n-1].text
	}
	mark := bullets[c.Style]
	it.text = it.indent + len("- ") // a box is text to Markdown
	if c.Style == numberedList {
		mark = fmt.Sprintf("%d. ", it.number)
		it.text = it.indent + len(mark)
	}
	w.items = append(w.items, it)
	w.write(strings.Repeat(" ", it.indent)+mark, strings.Repeat(" ", it.text), texts(text))
}

// endCode writes the collected code block, in a fence longer than any run of backticks in it. Coda sends a block line by line,
// and where one block ends and the next begins is not known: neighbours become one.
func (w *plainTextWriter) endCode() {
	if len(w.code) == 0 {
		return
	}
	w.begin("code")
	text := strings.Join(w.code, "\n")
	fence := strings.Repeat("`", max(3, longestRun(text, '`')+1))
	fmt.Fprintf(w.out, "%s\n%s\n%s\n", fence, text, fence)
	w.code, w.block = nil, ""
}

// longestRun is the length of the longest run of b in s.
func longestRun(s string, b byte) (longest int) {
	run := 0
	for i := range len(s) {
		if s[i] != b {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// texts splits the text of one line of a page at its breaks, and escapes each part.
func texts(text string) []string {
	parts := strings.Split(text, "\n")
	for i, s := range parts {
		parts[i] = escapeStart(strings.Trim(s, " \t"))
	}
	return parts
}

// headingText returns text on one line. A # at its end is escaped: Markdown would take it for an end mark.
func headingText(text string) string {
	text = strings.Trim(strings.ReplaceAll(text, "\n", " "), " \t")
	return endMark.ReplaceAllString(text, `$1\$2`)
}

var (
	// blockStart matches text that begins a heading, quote, list item, box, rule, underline, fence, HTML or link
	// definition.
	blockStart = regexp.MustCompile("^(?:#{1,6}(?:\\s|$)|>|[-+*](?:\\s|$)|(?:[-*_]\\s*){3,}$|[-=]+\\s*$|```|~~~|" +
		`<[A-Za-z/!?]|\[[ xX]\](?:\s|$)|\[[^\]]+\]:)`)
	endMark     = regexp.MustCompile(`(^|[ \t])(#+)$`)
	numberStart = regexp.MustCompile(`^\d{1,9}[.)](?:\s|$)`)
)

// escapeStart escapes the beginning of text that Markdown would take for the beginning of a block.
func escapeStart(s string) string {
	if blockStart.MatchString(s) {
		return `\` + s
	}
	if numberStart.MatchString(s) {
		i := strings.IndexAny(s, ".)")
		return s[:i] + `\` + s[i:]
	}
	return s
}
