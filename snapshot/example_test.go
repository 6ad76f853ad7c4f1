package snapshot_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
)

// notes is the smallest origin: texts by path, each of which is its own version.
type notes map[string]string

func (n notes) Index(_ context.Context, _ fs.Held, each func(fs.Entry) error) error {
	for path, text := range n {
		e := fs.Entry{Path: path, Kind: fs.KindPage, DocID: "notes", ObjectID: path, Version: text}
		if strings.HasSuffix(path, "/doc.json") {
			e.Kind, e.ObjectID = fs.KindDoc, "notes"
		}
		if err := each(e); err != nil {
			return err
		}
	}
	return nil
}

func (n notes) Open(_ context.Context, path string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(n[path])), nil
}

// A first snapshot, and a second one that takes over what did not change. A doc.json is written each time: it comes with the index.
func ExampleRun() {
	output, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(output)
	from := notes{"docs/notes/doc.json": "{}\n", "docs/notes/one.md": "1\n", "docs/notes/two.md": "2\n"}
	for range 2 {
		s, err := snapshot.Run(context.Background(), from, snapshot.Options{Output: output, Incremental: true})
		fmt.Println(s.Result, s.Files, "files,", s.SkippedUnchanged, "unchanged", err)
	}
	// Output:
	// complete 3 files, 0 unchanged <nil>
	// complete 3 files, 2 unchanged <nil>
}
