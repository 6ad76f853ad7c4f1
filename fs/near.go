package fs

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Nearest returns the name that was probably meant by one that does not exist: the same but for case and Unicode form,
// or at most two typos away, or with the same beginning. It returns "" if none is near enough.
func Nearest(name string, names []string) string {
	best, slips := "", 3
	meant := folded(name)
	for _, n := range names {
		d := distance(meant, folded(n))
		if d < slips && d*3 <= len(meant) {
			best, slips = n, d
		}
	}
	if best != "" || len(meant) < 3 {
		return best
	}
	for _, n := range names {
		if strings.HasPrefix(string(folded(n)), string(meant)) {
			return n
		}
	}
	return ""
}

// folded returns a name without differences of case and Unicode form.
func folded(s string) []rune {
	return []rune(norm.NFC.String(cases.Fold().String(norm.NFD.String(s))))
}

// distance counts the typos between two words: a letter too many, too few, wrong, or two letters in the wrong order
// (optimal string alignment).
func distance(a, b []rune) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
