package format

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// EncodeSums writes hashes, as hexadecimal digits, by path in the format of sha256sum, sorted. Paths have no
// backslash and no control character (see [CheckPath]), so none needs its escapes.
func EncodeSums(sums map[string]string) []byte {
	var buf bytes.Buffer
	for _, path := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&buf, "%s  %s\n", sums[path], path)
	}
	return buf.Bytes()
}

// DecodeSums reads what [EncodeSums] wrote; anything else is an error, which names the line.
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
