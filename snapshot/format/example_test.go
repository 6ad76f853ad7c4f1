package format_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/codafs/codafs/snapshot/format"
)

// A program that reads snapshots needs no more than the records: what is in one, what is not, and whether bytes are as sealed.
func ExampleDecodeManifest() {
	text := "# Welcome\n"
	m, err := format.DecodeManifest(strings.NewReader(`{
	  "schema": "codafs.manifest/1", "id": "2026-03-07T101530Z", "source": {"account": "ada@example.com"},
	  "files": [{"path": "docs/Plan__d1/pages/Welcome__p1.md", "kind": "page", "doc_id": "d1", "object_id": "p1", "size": 10,
	    "sha256": "2b627b3073536e7e7a5ee355133695dca7d2c15ba2902d6a88d0acd41b3f0d36", "status": "new"}],
	  "failures": [{"doc_id": "d1", "object_id": "p2", "kind": "page", "message": "503 Service Unavailable"}],
	  "future_field": true}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range m.Files {
		if err := format.CheckPath(f.Path); err != nil { // before the path is opened
			fmt.Println(err)
			return
		}
		sum := sha256.Sum256([]byte(text))
		fmt.Println(f.Path, int64(len(text)) == f.Size, hex.EncodeToString(sum[:]) == f.SHA256)
	}
	for _, f := range m.Failures {
		fmt.Println("missing:", format.KeyOfFailure(f), f.Message)
	}
	fmt.Println(format.CheckPath("docs/../../etc/passwd") != nil)
	// Output:
	// docs/Plan__d1/pages/Welcome__p1.md true true
	// missing: {page d1 p2} 503 Service Unavailable
	// true
}
