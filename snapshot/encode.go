package snapshot

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/codafs/codafs/fs"
)

// encode writes v as every JSON file of a snapshot is written: made for people and diffs.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return buf.Bytes(), err
}

// decodeHead reads a manifest up to its lists, which may be long.
func decodeHead(r io.Reader) (Head, error) {
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

// decodeManifest reads a whole manifest.
func decodeManifest(r io.Reader) (*Manifest, error) {
	m := new(Manifest)
	if err := json.NewDecoder(r).Decode(m); err != nil {
		return nil, err
	}
	return m, m.check()
}

func (h Head) check() error {
	if h.Schema != manifestSchema {
		return fmt.Errorf("schema %q is not %q", h.Schema, manifestSchema)
	}
	return nil
}

// sortFailures puts failures in the order of both files: by path, then by object.
func sortFailures(list []fs.Failure) {
	slices.SortFunc(list, func(a, b fs.Failure) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.DocID, b.DocID),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ObjectID, b.ObjectID),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
}
