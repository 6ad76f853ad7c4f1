package remote_test

import (
	"context"
	"fmt"
	iofs "io/fs"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/treetest"
)

// A source (library_test.go) and a store are a tree. What was read once is not asked for again.
func ExampleNew() {
	store := cache.NewMemory(0)
	defer store.Close()
	source := newLibrary()
	tree := remote.New(source, treetest.Kept(store), remote.Options{Account: "me"})
	defer tree.Close()

	files := fs.FS(context.Background(), tree.Root())
	for range 2 {
		text, err := iofs.ReadFile(files, "shelves/garden/roses.txt")
		fmt.Printf("%q %v, asked for %q\n", text, err, source.requests())
	}
	// Output:
	// "Prune in March.\n" <nil>, asked for ["catalogue garden" "list" "read roses.txt garden"]
	// "Prune in March.\n" <nil>, asked for []
}
