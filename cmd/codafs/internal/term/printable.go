package term

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes s safe to print. Anybody may have written the text of a record: it is quoted if it has characters
// that are invisible or that a terminal would obey. It returns other text unchanged, and never an error: a message must not
// get lost because of a name in it.
func Printable(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, unseen) {
		return s
	}
	return strconv.Quote(s)
}

// unseen excepts the joiner of emoji, which titles have.
func unseen(r rune) bool { return !unicode.IsGraphic(r) && r != '\u200d' }

// plainWord matches what needs no quotes in a POSIX shell. A ~ at the start stays the user's folder, as it was typed.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./~@%+=:,-]+$`)

// ShellWord quotes s for a POSIX shell if it must, for commands that a message suggests. What it returns is one word there,
// whatever is in s; it may hold control characters, so it is not a substitute for [Printable].
func ShellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Count formats a number of things; the name gets an s for the plural: 0 pages, 1 page, 2 pages.
func Count(n int, name string) string {
	if n != 1 {
		name += "s"
	}
	return fmt.Sprintf("%d %s", n, name)
}

// Quote quotes a title, which may have spaces.
func Quote(s string) string {
	if p := Printable(s); p != s {
		return p
	}
	return `"` + s + `"`
}
