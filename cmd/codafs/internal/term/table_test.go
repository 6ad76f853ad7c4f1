package term

import (
	"bytes"
	"strings"
	"testing"
)

func TestATableIsAsWideAsWhatItShows(t *testing.T) {
	var tab Table
	tab.Add("NAME", "N", "WHAT")
	tab.Add("次の会議", "1", "a")
	tab.Add("long", "a last cell, however wide, widens no column")
	tab.Add("Fru\u0308hjahr", "22", "")
	var out bytes.Buffer
	if err := tab.Print(&out); err != nil {
		t.Fatal(err)
	}
	want := "NAME      N   WHAT\n次の会議  1   a\nlong      a last cell, however wide, widens no column\nFru\u0308hjahr  22\n"
	if out.String() != want {
		t.Errorf("printed\n%swant\n%s", out.String(), want)
	}
}

func TestColorsAreForTerminalsAlone(t *testing.T) {
	if HasColors(&bytes.Buffer{}) || Paint("fine", Green, false) != "fine" || Paint("fine", Green, true) != "\x1b[32mfine\x1b[0m" {
		t.Error("colors where there should be none, or none where there should be")
	}
}

// A title that moves the cursor stays in its cell.
func TestATableIsSafeForATerminal(t *testing.T) {
	tab := Table{{Colored("a\x1b[2Jb", NoColor)}}
	tab.Add("x\ny")
	var out strings.Builder
	if err := tab.Print(&out); err != nil || out.String() != "\"a\\x1b[2Jb\"\n\"x\\ny\"\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}
