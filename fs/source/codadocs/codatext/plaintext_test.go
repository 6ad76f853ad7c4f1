package codatext

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda"
)

// linesOf is a list of lines, and then perhaps an error.
func linesOf(contents []coda.LineContent, err error) func(func(coda.Line, error) bool) {
	return func(yield func(coda.Line, error) bool) {
		for _, c := range contents {
			if !yield(coda.Line{Content: c}, nil) {
				return
			}
		}
		if err != nil {
			yield(coda.Line{}, err)
		}
	}
}

func markdown(t testing.TB, contents ...coda.LineContent) string {
	t.Helper()
	var b strings.Builder
	if err := PlainText(&b, linesOf(contents, nil)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// at makes a line of a style at a level.
func at(style string, level int, text string) coda.LineContent {
	return coda.LineContent{Style: style, Level: level, Text: text}
}

func para(text string) coda.LineContent { return at("paragraph", 0, text) }

func TestLinesAsMarkdown(t *testing.T) {
	type lines = []coda.LineContent
	for _, c := range []struct {
		name  string
		lines lines
		want  string
	}{
		{"no lines", nil, ""},
		{"an empty page", lines{para("")}, ""},
		{"a paragraph", lines{para("One.")}, "One.\n"},
		{"paragraphs", lines{para("One."), para("Two.")}, "One.\n\nTwo.\n"},
		{"headings", lines{at("h1", 0, "A"), at("h2", 0, "B"), at("h2", 0, "C"), at("h3", 0, "D"), para("Text")},
			"# A\n\n## B\n\n## C\n\n### D\n\nText\n"},
		{"empty lines count for nothing", lines{para(""), para("a"), para("  \t"), para(""), para("b"), para("")}, "a\n\nb\n"},

		{"a bulleted list with levels", lines{
			at("bulletedList", 0, "a"), at("bulletedList", 1, "b"), at("bulletedList", 2, "c"), at("bulletedList", 1, "d"), at("bulletedList", 0, "e"),
		}, "- a\n  - b\n    - c\n  - d\n- e\n"},
		{"text around a list", lines{para("x"), at("bulletedList", 0, "a"), para("y")}, "x\n\n- a\n\ny\n"},
		{"a numbered list", lines{at("numberedList", 0, "a"), at("numberedList", 0, "b"), at("numberedList", 0, "c")}, "1. a\n2. b\n3. c\n"},
		{"deeper numbers restart below each item", lines{
			at("numberedList", 0, "a"), at("numberedList", 1, "b"), at("numberedList", 1, "c"), at("numberedList", 0, "d"), at("numberedList", 1, "e"),
		}, "1. a\n   1. b\n   2. c\n2. d\n   1. e\n"},
		{"numbers restart after other lines", lines{
			at("numberedList", 0, "a"), para("x"), at("numberedList", 0, "b"), para(""), at("numberedList", 0, "c"), at("code", 0, "y"), at("numberedList", 0, "d"),
		}, "1. a\n\nx\n\n1. b\n\n1. c\n\n```\ny\n```\n\n1. d\n"},
		{"numbers restart after another kind of item", lines{
			at("numberedList", 0, "a"), at("bulletedList", 0, "b"), at("numberedList", 0, "c"),
		}, "1. a\n- b\n1. c\n"},
		{"an item stands below its parent's text", lines{
			at("numberedList", 0, "a"), at("bulletedList", 1, "b"), at("numberedList", 2, "c"), at("checkboxList", 3, "d"), at("bulletedList", 4, "e"),
		}, "1. a\n   - b\n     1. c\n        - [ ] d\n          - e\n"},
		{"also below a longer number", append(slicesOf(at("numberedList", 0, "x"), 9), at("numberedList", 0, "ten"), at("bulletedList", 1, "below")),
			"1. x\n2. x\n3. x\n4. x\n5. x\n6. x\n7. x\n8. x\n9. x\n10. ten\n    - below\n"},
		{"levels without a parent", lines{
			at("bulletedList", 3, "a"), at("bulletedList", 1, "b"), at("bulletedList", 9, "c"), at("bulletedList", 9, "d"), at("bulletedList", -1, "e"),
		}, "- a\n- b\n  - c\n  - d\n- e\n"},
		{"a level out of all bounds", lines{at("bulletedList", 0, "a"), at("bulletedList", 1<<40, "b"), at("bulletedList", 1<<41, "c")}, "- a\n  - b\n  - c\n"},
		{"boxes and what collapses", lines{at("checkboxList", 0, "do"), at("checkboxList", 1, "this"), at("collapsibleList", 0, "more"), at("collapsibleList", 1, "hidden")},
			"- [ ] do\n  - [ ] this\n- more\n  - hidden\n"},
		{"an empty item", lines{at("bulletedList", 0, ""), at("numberedList", 0, " "), at("checkboxList", 0, ""), at("h1", 0, "")}, "-\n1.\n- [ ]\n\n#\n"},

		{"a quote", lines{at("blockQuote", 0, "a"), at("blockQuote", 0, ""), at("blockQuote", 2, "b"), para("c")}, "> a\n>\n>\n>\n> b\n\nc\n"},
		{"two kinds of quotes", lines{at("blockQuote", 0, "a"), at("pullQuote", 0, "b")}, "> a\n\n> b\n"},

		{"code", lines{para("x"), at("code", 0, "if a {"), at("code", 0, ""), at("code", 0, "\t# b  "), at("code", 0, "}"), para("y")},
			"x\n\n```\nif a {\n\n\t# b  \n}\n```\n\ny\n"},
		{"code at the end", lines{at("code", 0, "x")}, "```\nx\n```\n"},
		{"two blocks of code", lines{at("code", 0, "x"), para(""), at("code", 0, "y")}, "```\nx\n```\n\n```\ny\n```\n"},
		{"a fence in code", lines{at("code", 0, "```go"), at("code", 0, "x"), at("code", 0, "```")}, "````\n```go\nx\n```\n````\n"},
		{"longer fences in code", lines{at("code", 0, "a ``````"), at("code", 0, "````")}, "```````\na ``````\n````\n```````\n"},
		{"code of several lines", lines{at("code", 0, "a\nb")}, "```\na\nb\n```\n"},

		{"a style of another day", lines{at("callout", 0, "a"), at("gridList", 1, "b"), at("", 0, "- c")}, "a\n\nb\n\n\\- c\n"},

		{"breaks in a paragraph", lines{para("a\nb\r\nc\rd\n")}, "a  \nb  \nc  \nd\n"},
		{"breaks in a list", lines{at("bulletedList", 0, "a\nb"), at("numberedList", 1, "c\n\nd")}, "- a  \n  b\n  1. c  \n\n     d\n"},
		{"breaks in a quote", lines{at("blockQuote", 0, "a\n\nb")}, "> a  \n>\n> b\n"},
		{"breaks in a heading", lines{at("h2", 0, "a\nb")}, "## a b\n"},
		{"control characters", lines{para("nul \x00, bell \a, tab\t, line \u2028 end"), at("code", 0, "\x1b[1m")},
			"nul \x00, bell \a, tab\t, line \u2028 end\n\n```\n\x1b[1m\n```\n"},
		{"space at the beginning, which would be code", lines{para("      a"), para("\tb"), at("bulletedList", 0, "     c")}, "a\n\nb\n\n- c\n"},

		{"no heading", lines{para("# a"), para("###### b"), para("#"), para("#c"), para("####### d")}, "\\# a\n\n\\###### b\n\n\\#\n\n#c\n\n####### d\n"},
		{"no list", lines{para("- a"), para("* b"), para("+ c"), para("-5 degrees"), para("*d*"), para("+1"), para("-")}, "\\- a\n\n\\* b\n\n\\+ c\n\n-5 degrees\n\n*d*\n\n+1\n\n\\-\n"},
		{"no numbers", lines{para("1. a"), para("2) b"), para("2026."), para("3.5 c"), para("1234567890. d")}, "1\\. a\n\n2\\) b\n\n2026\\.\n\n3.5 c\n\n1234567890. d\n"},
		{"no quote", lines{para("> a"), para(">b")}, "\\> a\n\n\\>b\n"},
		{"no rule and no underline", lines{para("---"), para("* * *"), para("___"), para("==="), para("a\n==\n--\nb")}, "\\---\n\n\\* * *\n\n\\___\n\n\\===\n\na  \n\\==  \n\\--  \nb\n"},
		{"no fence", lines{para("```"), para("~~~ x"), para("`a`")}, "\\```\n\n\\~~~ x\n\n`a`\n"},
		{"no HTML", lines{para("<b>a</b>"), para("<!-- b -->"), para("</c>"), para("<3 d"), para("a < b")}, "\\<b>a</b>\n\n\\<!-- b -->\n\n\\</c>\n\n<3 d\n\na < b\n"},
		{"no link's definition", lines{para("[a]: b"), para("[a] b")}, "\\[a]: b\n\n[a] b\n"},
		{"no item in an item, and no box", lines{at("bulletedList", 0, "- a"), at("bulletedList", 0, "[x] b"), at("numberedList", 0, "1. c"), at("blockQuote", 0, "> d")},
			"- \\- a\n- \\[x] b\n1. 1\\. c\n\n> \\> d\n"},
		{"no end mark of a heading", lines{at("h1", 0, "a #"), at("h1", 0, "##"), at("h1", 0, "C#"), at("h1", 0, "a # b")}, "# a \\#\n\n# \\##\n\n# C#\n\n# a # b\n"},
		{"words as they are", lines{para("snake_case, 2*3*4, [x](y), a\\b & &amp;")}, "snake_case, 2*3*4, [x](y), a\\b & &amp;\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := markdown(t, c.lines...); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s\n(%q)", got, c.want, got)
			}
		})
	}
}

func slicesOf(c coda.LineContent, n int) (all []coda.LineContent) {
	for range n {
		all = append(all, c)
	}
	return all
}

func TestLinesThatBreakOffAreAnError(t *testing.T) {
	want := errors.New("broken off")
	var b strings.Builder
	if err := PlainText(&b, linesOf([]coda.LineContent{para("a")}, want)); !errors.Is(err, want) {
		t.Errorf("%v", err)
	}
}

// fuzzStyles are those of the service, and one that it may have one day.
var fuzzStyles = []string{"paragraph", "h1", "h2", "h3", "bulletedList", "numberedList", "checkboxList", "collapsibleList",
	"blockQuote", "pullQuote", "code", "callout"}

// Whatever the lines are, each line of each text stands at the end of a line of its own, in order.
func FuzzLinesAsMarkdown(f *testing.F) {
	f.Add([]byte{0, 10, 5}, "a\x00```\x001. b")
	f.Add([]byte{5, 17, 29, 4}, "x\ny\x00- [ ] z\x00\x00> q")
	f.Add([]byte{8, 8, 9, 1, 11}, "q\x00\x00r\n\ns\x00h # ##\r\n#\x00===")
	f.Fuzz(func(t *testing.T, styles []byte, texts string) {
		if len(styles) == 0 {
			return
		}
		var lines []coda.LineContent
		for i, text := range strings.Split(texts, "\x00") {
			s := int(styles[i%len(styles)])
			lines = append(lines, at(fuzzStyles[s%len(fuzzStyles)], s/len(fuzzStyles), text))
		}
		got := markdown(t, lines...)
		if got != "" && !strings.HasSuffix(got, "\n") {
			t.Errorf("%q does not end in a newline", got)
		}
		rest := strings.Split(plainText(got), "\n")
		for _, l := range lines {
			for _, want := range wanted(l) {
				i := 0
				for i < len(rest) && !strings.HasSuffix(rest[i], want) {
					i++
				}
				if i == len(rest) {
					t.Fatalf("%q is lost from\n%s", want, got)
				}
				rest = rest[i+1:]
			}
		}
	})
}

// wanted are the lines of a line's text that are not empty.
func wanted(l coda.LineContent) (all []string) {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(l.Text)
	if strings.HasPrefix(l.Style, "h") {
		text = strings.ReplaceAll(strings.Trim(text, "\n"), "\n", " ")
	}
	for s := range strings.SplitSeq(text, "\n") {
		if s = plainText(s); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// plainText is text without what the renderer may add to a line or take from it: escapes, and space at
// the ends.
func plainText(text string) string {
	lines := strings.Split(strings.NewReplacer(`\`, "", "\r\n", "\n", "\r", "\n").Replace(text), "\n")
	for i, s := range lines {
		lines[i] = strings.Trim(s, " \t")
	}
	return strings.Join(lines, "\n")
}

func TestDeepListsStayInBounds(t *testing.T) {
	var lines []coda.LineContent
	for i := range 10_000 {
		lines = append(lines, at("numberedList", i, fmt.Sprint(i)))
	}
	if n := len(markdown(t, lines...)); n > 10_000*200 {
		t.Errorf("%d bytes", n)
	}
}
