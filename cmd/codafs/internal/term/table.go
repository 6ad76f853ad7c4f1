package term

import (
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"
)

// Color is how a word is shown on a terminal: good, worth a look, or bad.
type Color string

// The colors, as numbers of ANSI escape sequences.
const (
	NoColor Color = ""   // as the rest
	Bold    Color = "1"  // a heading
	Green   Color = "32" // good
	Yellow  Color = "33" // worth a look
	Red     Color = "31" // bad
)

// HasColors reports whether output may have colors: on a terminal, unless the user wants none (https://no-color.org). On
// Windows there are none: older consoles print the escapes as text.
func HasColors(w io.Writer) bool {
	if s, ok := w.(*Screen); ok {
		w = s.out
	}
	f, ok := w.(*os.File)
	return ok && runtime.GOOS != "windows" && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// Paint adds a color to a text, if colors are on.
func Paint(text string, c Color, colors bool) string {
	if c == NoColor || !colors {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// Cell is one cell of a table. Its text is safe for a terminal, wherever it came from: see [Printable].
type Cell struct {
	text  string
	Color Color
}

// Colored returns a cell whose text has a color on a terminal.
func Colored(text string, c Color) Cell { return Cell{Printable(text), c} }

// Table is rows of cells; the first row may be headings. Rows may have different lengths.
type Table [][]Cell

// Add adds a row of cells without colors.
func (t *Table) Add(texts ...string) {
	row := make([]Cell, len(texts))
	for i, s := range texts {
		row[i].text = Printable(s)
	}
	*t = append(*t, row)
}

// Print writes a line for each row, with columns as wide as their widest cell. The last cell of a row does not count
// for the width: it may be a sentence. Lines have no spaces at their end. All is written at once, so a table is not torn
// by other messages.
func (t Table) Print(w io.Writer) error {
	var widths []int
	for _, row := range t {
		for i, c := range row[:max(0, len(row)-1)] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Width(c.text))
		}
	}
	colors := HasColors(w)
	var out strings.Builder
	for _, row := range t {
		last := len(row) - 1
		for last >= 0 && row[last].text == "" {
			last--
		}
		for i, c := range row[:last+1] {
			out.WriteString(Paint(c.text, c.Color, colors))
			if i < last {
				out.WriteString(strings.Repeat(" ", widths[i]-Width(c.text)+2))
			}
		}
		out.WriteByte('\n')
	}
	_, err := io.WriteString(w, out.String())
	return err
}
