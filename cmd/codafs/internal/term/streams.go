package term

import (
	"encoding/json"
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are where a command reads and writes: Out is for data, Err for messages. Commands use these instead of those of
// package os, so that a progress line (see [Screen]) and tests can stand in between.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// PrintJSON writes v as the output of every --json: indented, with a line end. The error must be returned: a full disk or a
// reader that has left must not pass for success.
func PrintJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// IsTerminal reports whether somebody types what is read from r.
func IsTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
