package sealed_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/sealed"
)

// recipes is an origin that is no Coda: texts by path, each of which is its own version.
type recipes map[string]string

func (r recipes) Index(_ context.Context, _ fs.Held, each func(fs.Entry) error) error {
	for path, text := range r {
		e := fs.Entry{Path: path, Kind: "recipe", DocID: "book", ObjectID: path, Name: path, Version: text}
		if strings.HasSuffix(path, "/book.json") {
			e.Kind, e.ObjectID = fs.KindDoc, "book"
		}
		if err := each(e); err != nil {
			return err
		}
	}
	return nil
}

func (r recipes) Open(_ context.Context, path string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(r[path])), nil
}

// Two snapshots are made, compared and checked. Then all but the last are removed.
func Example() {
	output, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(output)
	ctx := context.Background()
	from := recipes{"books/b/book.json": "{}\n", "books/b/soup.txt": "water\n", "books/b/tea.txt": "leaves\n"}
	var made []string
	for range 2 {
		s, err := snapshot.Run(ctx, from, snapshot.Options{Output: output, Incremental: true})
		if err != nil {
			fmt.Println(err)
			return
		}
		made = append(made, filepath.Join(output, s.ID))
		from["books/b/soup.txt"] = "water and salt\n"
		delete(from, "books/b/tea.txt")
	}
	d, err := sealed.Diff(made[0], made[1])
	fmt.Println(len(d.Added), "added,", d.Changed[0].Path, "changed,", d.Removed[0].Path, "removed", err)
	r, err := sealed.Verify(ctx, output)
	fmt.Println(len(r.Checked), "snapshots,", len(r.Damage), "damaged files", err)
	p, err := sealed.Prune(ctx, output, sealed.Policy{Last: 1}, false)
	fmt.Println(len(p.Removed), "removed", err)
	// Output:
	// 0 added, books/b/soup.txt changed, books/b/tea.txt removed <nil>
	// 2 snapshots, 0 damaged files <nil>
	// 1 removed <nil>
}
