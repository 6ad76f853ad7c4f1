package format

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
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

// DecodeHead reads a manifest up to its lists, which may be long. A schema that is not [ManifestSchema] is an error.
func DecodeHead(r io.Reader) (Head, error) {
	var head Head
	dec := json.NewDecoder(r)
	if _, err := dec.Token(); err != nil {
		return head, err
	}
	fields := map[string]json.RawMessage{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return head, err
		}
		if key == "docs" {
			break
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return head, err
		}
		fields[fmt.Sprint(key)] = value
	}
	whole, err := json.Marshal(fields)
	if err != nil {
		return head, err
	}
	if err := json.Unmarshal(whole, &head); err != nil {
		return head, err
	}
	return head, head.check()
}

// DecodeManifest reads a whole manifest. A schema that is not [ManifestSchema] is an error. Nothing in it was checked:
// paths may lead anywhere ([CheckPath]).
func DecodeManifest(r io.Reader) (*Manifest, error) {
	m := new(Manifest)
	if err := json.NewDecoder(r).Decode(m); err != nil {
		return nil, err
	}
	return m, m.check()
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
