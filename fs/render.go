package fs

import (
	"bytes"
	"encoding/json"
	"io"
)

const (
	jsonIndent = "  "
	emptyArray = "[]\n"
)

// writeJSON writes a value as sent, but indented and with a newline at the end. Unknown fields, the order of fields and
// each literal stay.
func writeJSON(w io.Writer, raw json.RawMessage) error {
	var b bytes.Buffer
	// Indent keeps space at the end, and a value may end in a newline.
	if err := json.Indent(&b, bytes.TrimSpace(raw), "", jsonIndent); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

// arrayWriter writes values as one JSON array, with the bytes that writeJSON would write for the whole array. It holds
// one value at a time.
type arrayWriter struct {
	w     io.Writer
	buf   bytes.Buffer
	count int
}

func newArrayWriter(w io.Writer) *arrayWriter {
	return &arrayWriter{w: w}
}

// Add writes the next value. If it is not JSON, nothing of it is written.
func (a *arrayWriter) Add(raw json.RawMessage) error {
	a.buf.Reset()
	if a.count == 0 {
		a.buf.WriteString("[\n" + jsonIndent)
	} else {
		a.buf.WriteString(",\n" + jsonIndent)
	}
	// The prefix is the depth in the array: Indent puts it before each line but the first.
	if err := json.Indent(&a.buf, bytes.TrimSpace(raw), jsonIndent, jsonIndent); err != nil {
		return err
	}
	a.count++
	_, err := a.w.Write(a.buf.Bytes())
	return err
}

// Close ends the array. It does not close the writer below.
func (a *arrayWriter) Close() error {
	end := "\n]\n"
	if a.count == 0 {
		end = emptyArray
	}
	_, err := io.WriteString(a.w, end)
	return err
}
