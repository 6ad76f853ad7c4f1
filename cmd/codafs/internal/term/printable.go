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
// that are invisible or that a terminal would obey.
func Printable(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, unseen) {
		return s
	}
	return strconv.Quote(s)
}

// unseen excepts the joiner of emoji, which titles have.
func unseen(r rune) bool { return !unicode.IsGraphic(r) && r != '\u200d' }

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./~@%+=:,-]+$`)

// ShellWord quotes s for a shell if it must.
func ShellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Count formats a number of things; the name gets an s for the plural.
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
