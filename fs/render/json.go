package render

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
)

const (
	// Indent is what each level of JSON is indented by.
	Indent = "  "
	// EmptyArray is an array without values, as [Array] writes it.
	EmptyArray = "[]\n"
)

// JSON writes a value as sent, but indented and with a newline at the end. Unknown fields, the order of fields and
// each literal stay.
func JSON(w io.Writer, raw json.RawMessage) error {
	var b bytes.Buffer
	// Indent keeps space at the end, and a value may end in a newline.
	if err := json.Indent(&b, bytes.TrimSpace(raw), "", Indent); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

// Array writes values as one JSON array, with the bytes that [JSON] would write for the whole array. It holds
// one value at a time.
type Array struct {
	w     io.Writer
	buf   bytes.Buffer
	count int
}

// NewArray begins an array. The caller must call Close at the end.
func NewArray(w io.Writer) *Array {
	return &Array{w: w}
}

// Add writes the next value. If it is not JSON, nothing of it is written.
func (a *Array) Add(raw json.RawMessage) error {
	a.buf.Reset()
	if a.count == 0 {
		a.buf.WriteString("[\n" + Indent)
	} else {
		a.buf.WriteString(",\n" + Indent)
	}
	// The prefix is the depth in the array: Indent puts it before each line but the first.
	if err := json.Indent(&a.buf, bytes.TrimSpace(raw), Indent, Indent); err != nil {
		return err
	}
	a.count++
	_, err := a.w.Write(a.buf.Bytes())
	return err
}

// Close ends the array. It does not close the writer below.
func (a *Array) Close() error {
	end := "\n]\n"
	if a.count == 0 {
		end = EmptyArray
	}
	_, err := io.WriteString(a.w, end)
	return err
}

// List writes a list as one [Array]; raw returns an item as it was sent. If the list breaks off it fails, and the caller
// throws away what was written: half a list is no list.
func List[T any](w io.Writer, items iter.Seq2[T, error], raw func(T) json.RawMessage) error {
	a := NewArray(w)
	for v, err := range items {
		if err != nil {
			return err
		}
		if err := a.Add(raw(v)); err != nil {
			return err
		}
	}
	return a.Close()
}

// Write writes bytes that are complete already.
func Write(w io.Writer, b []byte) error {
	_, err := w.Write(b)
	return err
}
