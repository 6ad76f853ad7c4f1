package term

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// runeWidth is how many columns of a terminal a rune takes: two for Chinese, Japanese and emoji, none for combining
// marks. Emoji that are joined from several runes count more than they take, never less.
func runeWidth(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Width is how many columns a text takes.
func Width(s string) (n int) {
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// Cut shortens a text to at most columns, and marks the cut with an ellipsis, which takes one of them.
func Cut(s string, most int) string {
	if Width(s) <= most {
		return s
	}
	if most < 1 {
		return ""
	}
	var b strings.Builder
	for _, r := range s {
		if most -= runeWidth(r); most < 1 {
			break
		}
		b.WriteRune(r)
	}
	return b.String() + "…"
}
