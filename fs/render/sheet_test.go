package render

import (
	"errors"
	"strings"
	"testing"
)

func TestWhatIsNoWholeTableIsRefused(t *testing.T) {
	for _, c := range []struct {
		why, file string
		line      int // 0: ErrNoSheet
		reason    string
	}{
		{"an empty file", "", 0, ""},
		{"a byte order mark alone", ByteOrderMark, 0, ""},
		{"line ends alone", "\r\n\n", 0, ""},
		{"a line that is cut", "a,b\n1,2\n3,4", 3, "cut off"},
		{"a quoted field that is cut", "a,b\n1,\"two\n", 2, "cut off"},
		{"a record with a field less", "a,b\n1,2\n3\n", 3, "1 fields where the header has 2"},
		{"a record with a field more", "a,b\n1,2,3\n", 2, "3 fields where the header has 2"},
		{"a quote in the middle", "a,b\n1,2\"x\n", 2, "must be quoted"},
		{"NUL", "a,b\n1,\x00\n", 2, "NUL"},
		{"Latin-1", "a,b\n1,\xe9\n", 2, "not UTF-8"},
		{"UTF-16", "\xff\xfea\x00\n\x00", 1, "UTF-16"},
		{"a header twice", "a,b,a\n", 1, `two columns are called "a"`},
	} {
		_, err := ParseSheet([]byte(c.file))
		var at *SheetError
		if c.line == 0 && !errors.Is(err, ErrNoSheet) || c.line > 0 && (!errors.As(err, &at) || at.Line != c.line || !strings.Contains(at.Reason, c.reason)) {
			t.Errorf("%s: %v", c.why, err)
		}
	}
}

func TestASheetIsReadInAnySpelling(t *testing.T) {
	for _, file := range []string{
		"a,b\n1,\"x\ny\"\n,\n",
		ByteOrderMark + "a,b\r\n1,\"x\r\ny\"\r\n,\r\n",
		"\"a\",\"b\"\n\"1\",\"x\ny\"\n\"\",\"\"\n",
	} {
		s, err := ParseSheet([]byte(file))
		if err != nil {
			t.Fatalf("%q: %v", file, err)
		}
		if len(s.Header) != 2 || len(s.Rows) != 2 || s.Rows[0].Cells[1] != "x\ny" || s.Rows[0].Line != 2 || s.Rows[1].Line != 4 {
			t.Errorf("%q: %+v", file, s)
		}
	}
}
