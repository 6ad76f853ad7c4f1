package main

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable is s as it may be shown: a text of a record, which anybody may have written, is
// quoted if it holds what a terminal would obey or nobody would see.
func printable(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, unseen) {
		return s
	}
	return strconv.Quote(s)
}

// unseen leaves the joiner of emoji alone, which titles have.
func unseen(r rune) bool { return !unicode.IsGraphic(r) && r != '\u200d' }

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./~@%+=:,-]+$`)

// shellWord is s as it may be typed into a shell.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
