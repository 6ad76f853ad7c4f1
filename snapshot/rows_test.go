package snapshot_test

import (
	"bytes"
	"encoding/csv"
	"testing"

	"github.com/codafs/codafs/snapshot"
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
			if got := snapshot.CountRows(text, int(chunk)+1); got != int64(rows) {
				t.Errorf("%q: %d rows, want %d", text, got, rows)
			}
		}
	})
}

func TestNoTextHasNoRows(t *testing.T) {
	for _, text := range []string{"", "\n", "header", "header\n"} {
		if got := snapshot.CountRows([]byte(text), 1); got != 0 {
			t.Errorf("%q: %d rows", text, got)
		}
	}
}
