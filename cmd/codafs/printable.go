package main

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable makes s safe to print. Anybody may have written the text of a record: it is quoted if it has characters
// that are invisible or that a terminal would obey.
func printable(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, unseen) {
		return s
	}
	return strconv.Quote(s)
}

// unseen excepts the joiner of emoji, which titles have.
func unseen(r rune) bool { return !unicode.IsGraphic(r) && r != '\u200d' }

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./~@%+=:,-]+$`)

// shellWord quotes s for a shell if it must.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
