package codadocs_test

import (
	"context"
	"fmt"
	iofs "io/fs"
	"strings"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// A tree of the sample workspace, read with the standard library. The client's transport is the stand-in service; without it
// the client asks Coda.
func ExampleNew() {
	service := codatest.New(codatest.Sample(), codatest.Options{})
	client, err := coda.New(coda.Options{Token: "any", Transport: service.RoundTripper(), Unlimited: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	store := cache.NewMemory(0)
	defer store.Close()
	tree := codadocs.New(client, treetest.Kept(store), codadocs.Options{Options: remote.Options{Account: "example"}})
	defer tree.Close()

	files := fs.FS(context.Background(), tree.Root())
	docs, err := iofs.ReadDir(files, "docs")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range docs {
		fmt.Println(d.Name())
	}
	text, err := iofs.ReadFile(files, "docs/Team Handbook__TmHndBk_-1/pages/Welcome__canvas-Welcome_01.md")
	first, _, _ := strings.Cut(string(text), "\n")
	fmt.Println(first, err)
	// Output:
	// Customer Research — Frühjahr 2026__Rs_ch26-Kq
	// Product Launch Hub__AbCdE-fgH1
	// Team Handbook__TmHndBk_-1
	// # Welcome <nil>
}
