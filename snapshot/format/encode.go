package format

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/codafs/codafs/fs"
)

// Encode writes v, a [Manifest] or a [Summary], as every JSON file of a snapshot is written: made for people and diffs. The
// error is for a time that JSON has no text for.
func Encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return buf.Bytes(), err
}

// WriteManifest writes m as [Encode] does, with others in the place of its files: one after the other, as they come.
func WriteManifest(w io.Writer, m Manifest, files iter.Seq2[File, error]) error {
	m.Files = []File{}
	around, err := Encode(m)
	if err != nil {
		return err
	}
	before, after, ok := bytes.Cut(around, []byte("\n  \"files\": [")) // a line of its own: text has no line feeds
	if !ok {
		return errors.New("a manifest without files")
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetIndent("    ", "  ")
	enc.SetEscapeHTML(false)
	buf.Write(before)
	buf.WriteString("\n  \"files\": [")
	separator, end := "\n    ", ""
	for f, err := range files {
		if err != nil {
			return err
		}
		buf.WriteString(separator)
		if err := enc.Encode(f); err != nil {
			return err
		}
		buf.Truncate(buf.Len() - 1) // Encode ends each value with a line feed
		if _, err := buf.WriteTo(w); err != nil {
			return err
		}
		separator, end = ",\n    ", "\n  "
	}
	buf.WriteString(end)
	buf.Write(after)
	_, err = buf.WriteTo(w)
	return err
}

// DecodeHead reads a manifest up to its lists, which may be long. A schema that is not [ManifestSchema] is an error.
func DecodeHead(r io.Reader) (Head, error) {
	var head Head
	first, err := fields(json.NewDecoder(r), func(name string) (bool, error) {
		if name == "docs" {
			return false, errEnough
		}
		return false, nil
	})
	if err != nil {
		return head, err
	}
	if err := json.Unmarshal(first, &head); err != nil {
		return head, err
	}
	return head, head.check()
}

// DecodeManifest reads a whole manifest, as [Scan] does.
func DecodeManifest(r io.Reader) (*Manifest, error) {
	var files []File
	m, err := Scan(r, func(f File, _, _ int64) error { files = append(files, f); return nil })
	if m != nil {
		m.Files = files
	}
	return m, err
}

func (h Head) check() error {
	if h.Schema != ManifestSchema {
		return fmt.Errorf("schema %q is not %q", h.Schema, ManifestSchema)
	}
	return nil
}

// SortFailures puts failures in the order of both files: by path, then by object.
func SortFailures(list []fs.Failure) {
	slices.SortFunc(list, func(a, b fs.Failure) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.DocID, b.DocID),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ObjectID, b.ObjectID),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
}
