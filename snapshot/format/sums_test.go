package format_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/snapshot/format"
)

// scanSums gives all sums of a text.
func scanSums(text string) (map[string]string, error) {
	sums := map[string]string{}
	err := format.ScanSums(strings.NewReader(text), func(path string, sum [sha256.Size]byte) error {
		sums[path] = hex.EncodeToString(sum[:])
		return nil
	})
	return sums, err
}

func TestSumsAreReadBack(t *testing.T) {
	a, b := strings.Repeat("a", 64), strings.Repeat("0", 64)
	sums := map[string]string{"manifest.json": a, "docs/Two  spaces/doc.json": b}
	var text bytes.Buffer
	for _, path := range slices.Sorted(maps.Keys(sums)) {
		if err := format.WriteSum(&text, path, sums[path]); err != nil {
			t.Fatal(err)
		}
	}
	if want := b + "  docs/Two  spaces/doc.json\n" + a + "  manifest.json\n"; text.String() != want {
		t.Errorf("%q, want %q", &text, want)
	}
	again, err := scanSums(text.String())
	if err != nil || !maps.Equal(again, sums) {
		t.Errorf("%v, %v", again, err)
	}
}

func TestSumsThatNobodyWroteAreRefused(t *testing.T) {
	line := strings.Repeat("a", 64) + "  docs/x\n"
	for name, text := range map[string]string{
		"no path": strings.Repeat("a", 64) + "\n", "a short hash": strings.Repeat("a", 62) + "  docs/x\n",
		"no hexadecimal digits": strings.Repeat("g", 64) + "  docs/x\n", "an empty line": "\n" + line,
	} {
		if sums, err := scanSums(text); err == nil {
			t.Errorf("%s: read as %v", name, sums)
		}
	}
}
