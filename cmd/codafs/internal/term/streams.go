package term

import (
	"encoding/json"
	"io"
)

// Streams are where a command reads and writes: Out is for data, Err for messages.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// PrintJSON writes v as the output of every --json: indented, with a line end.
func PrintJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
