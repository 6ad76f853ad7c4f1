package format_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/codafs/codafs/snapshot/format"
)

// FuzzManifestIsReadBack holds the reader of a manifest's head, which stops before the long lists, against the other, and the writer
// of one file after the other against that of the whole.
func FuzzManifestIsReadBack(f *testing.F) {
	f.Add([]byte(`{"schema": "codafs.manifest/1", "id": "2026-03-07T101530Z", "docs": [{"doc_id": "d1"}], "files": [{"path": "docs/Plan__d1/doc.json",
		"kind": "doc", "doc_id": "d1", "object_id": "d1", "size": 3, "sha256": "00", "status": "new"}], "failures": [], "not_captured": []}`))
	f.Add([]byte(`{"schema":"codafs.manifest/1","id":"x","options":{"selection":{"docs":["a"],"docs ":{"docs":1}}},"source":{},"files":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := format.DecodeManifest(bytes.NewReader(data))
		if err != nil {
			return
		}
		written, err := format.Encode(m)
		if err != nil {
			return // a time that JSON has no text for
		}
		var streamed bytes.Buffer
		err = format.WriteManifest(&streamed, *m, func(yield func(format.File, error) bool) {
			for _, f := range m.Files {
				if !yield(f, nil) {
					return
				}
			}
		})
		if err != nil || m.Files != nil && streamed.String() != string(written) {
			t.Errorf("%v: file by file it is\n%s\nand as a whole\n%s", err, &streamed, written)
		}
		again, err := format.DecodeManifest(bytes.NewReader(written))
		head, headErr := format.DecodeHead(bytes.NewReader(written))
		if err != nil || headErr != nil {
			t.Fatalf("%s\n%v, %v", written, err, headErr)
		}
		if !reflect.DeepEqual(again.Head, head) {
			t.Errorf("the head is %+v, and %+v in the whole", head, again.Head)
		}
		rewritten, err := format.Encode(again)
		if err != nil || !bytes.Equal(rewritten, written) {
			t.Errorf("%v: written again it is\n%s\nand was\n%s", err, rewritten, written)
		}
	})
}
