package format

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// WriteSum writes the hash of a file, as hexadecimal digits, in the format of sha256sum. Lines are to be sorted by path. Paths have
// no backslash and no control character (see [CheckPath]), so none needs its escapes.
func WriteSum(w io.Writer, path, sum string) error {
	_, err := io.WriteString(w, sum+"  "+path+"\n")
	return err
}

// ScanSums reads what [WriteSum] wrote, and gives each line to each, until that fails. Anything else is an error, which names the line.
func ScanSums(r io.Reader, each func(path string, sum [sha256.Size]byte) error) error {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, path, ok := strings.Cut(lines.Text(), "  ")
		sum, isSum := ParseSum(text)
		if !ok || !isSum {
			return fmt.Errorf("line %d is not a hash and a path", n)
		}
		if err := each(path, sum); err != nil {
			return err
		}
	}
	return lines.Err()
}

// ParseSum reads a SHA-256 in hexadecimal digits.
func ParseSum(text string) (sum [sha256.Size]byte, ok bool) {
	if len(text) != hex.EncodedLen(len(sum)) {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(text))
	return sum, err == nil
}
