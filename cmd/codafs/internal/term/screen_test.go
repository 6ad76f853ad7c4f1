package term

import (
	"bytes"
	"testing"
)

// A line is cut where it would wrap, and leaves nothing of a longer one before it behind.
func TestAScreenHoldsOneLine(t *testing.T) {
	var out bytes.Buffer
	s := NewScreen(&out, func() int { return 11 })
	s.Redraw("a line that is too long")
	s.Redraw("short")
	s.Redraw("short")
	s.Write([]byte("words\n"))
	s.Redraw("again")
	s.Clear()
	s.Clear()
	want := "\ra line th…" + "\rshort     " + "\r     \r" + "words\n" + "\ragain" + "\r     \r"
	if out.String() != want {
		t.Errorf("written %q\nwant    %q", out.String(), want)
	}
}
