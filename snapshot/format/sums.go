package format

import (
	"bufio"
	"bytes"
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

// DecodeSums reads what [WriteSum] wrote; anything else is an error, which names the line.
func DecodeSums(data []byte) (map[string]string, error) {
	sums := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		sum, path, ok := strings.Cut(lines.Text(), "  ")
		if raw, err := hex.DecodeString(sum); !ok || err != nil || len(raw) != 32 {
			return nil, fmt.Errorf("line %d is not a hash and a path", len(sums)+1)
		}
		if _, twice := sums[path]; twice {
			return nil, fmt.Errorf("%q is there twice", path)
		}
		sums[path] = sum
	}
	return sums, lines.Err()
}
