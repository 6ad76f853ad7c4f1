package main

import (
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"
)

// color is how a word is shown on a terminal: good, worth a look, or bad.
type color string

const (
	noColor color = ""
	bold    color = "1"
	green   color = "32"
	yellow  color = "33"
	red     color = "31"
)

// colored reports whether output may have colors: on a terminal, unless the user wants none (https://no-color.org).
func colored(w io.Writer) bool {
	if s, ok := w.(*screen); ok {
		w = s.out
	}
	f, ok := w.(*os.File)
	return ok && runtime.GOOS != "windows" && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// paint adds a color to a text, if colors are on.
func paint(text string, c color, colors bool) string {
	if c == noColor || !colors {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// cell is one cell of a table.
type cell struct {
	text  string
	color color
}

// table is rows of cells; the first row may be headings. Rows may have different lengths.
type table [][]cell

// add adds a row of cells without colors.
func (t *table) add(texts ...string) {
	row := make([]cell, len(texts))
	for i, s := range texts {
		row[i].text = s
	}
	*t = append(*t, row)
}

// print writes a line for each row, with columns as wide as their widest cell. The last cell of a row does not count
// for the width.
func (t table) print(w io.Writer) error {
	var widths []int
	for _, row := range t {
		for i, c := range row[:max(0, len(row)-1)] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], textWidth(c.text))
		}
	}
	colors := colored(w)
	var out strings.Builder
	for _, row := range t {
		last := len(row) - 1
		for last >= 0 && row[last].text == "" {
			last--
		}
		for i, c := range row[:last+1] {
			out.WriteString(paint(c.text, c.color, colors))
			if i < last {
				out.WriteString(strings.Repeat(" ", widths[i]-textWidth(c.text)+2))
			}
		}
		out.WriteByte('\n')
	}
	_, err := io.WriteString(w, out.String())
	return err
}
