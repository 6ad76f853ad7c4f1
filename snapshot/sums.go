package snapshot

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// encodeSums writes hashes by path in the format of sha256sum, sorted. Paths have no
// backslash and no control character (see checkPath), so none needs its escapes.
func encodeSums(sums map[string]string) []byte {
	var buf bytes.Buffer
	for _, path := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&buf, "%s  %s\n", sums[path], path)
	}
	return buf.Bytes()
}

// decodeSums reads what encodeSums wrote, and nothing else.
func decodeSums(data []byte) (map[string]string, error) {
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
