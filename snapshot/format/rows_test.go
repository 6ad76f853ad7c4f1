package format_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"testing"

	"github.com/codafs/codafs/snapshot/format"
)

// FuzzCountRowsAsEncodingCSV writes cells as a table's file is written and counts them
// back, in chunks that cut anywhere.
func FuzzCountRowsAsEncodingCSV(f *testing.F) {
	f.Add("a\nb", `say "x"`, "", uint8(3), uint8(1))
	f.Add("\n\n", `"`, "\r\n", uint8(0), uint8(2))
	f.Add(`"" ""`, ",\",\n", "é\u2028", uint8(9), uint8(7))
	f.Fuzz(func(t *testing.T, a, b, c string, rows, chunk uint8) {
		var buf bytes.Buffer
		w := csv.NewWriter(&buf)
		for range int(rows) + 1 { // and the header
			if err := w.Write([]string{a, b, c}); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		for _, text := range [][]byte{buf.Bytes(), bytes.TrimSuffix(buf.Bytes(), []byte("\n"))} {
			if got := countRows(text, int(chunk)+1); got != int64(rows) {
				t.Errorf("%q: %d rows, want %d", text, got, rows)
			}
		}
	})
}

func TestNoTextHasNoRows(t *testing.T) {
	for _, text := range []string{"", "\n", "header", "header\n"} {
		if got := countRows([]byte(text), 1); got != 0 {
			t.Errorf("%q: %d rows", text, got)
		}
	}
}

// countRows counts the rows of CSV text, which comes in chunks of n bytes.
func countRows(text []byte, n int) int64 {
	c := new(format.RowCounter)
	in := bytes.NewReader(text)
	for {
		if _, err := io.CopyN(c, in, int64(n)); err != nil {
			return c.Rows()
		}
	}
}
