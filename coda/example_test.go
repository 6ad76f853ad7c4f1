package coda_test

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
)

// A client lists docs and the pages of one. It asks a stand-in here; without a Transport it asks Coda.
func ExampleClient() {
	api := codatest.New(codatest.Sample(), codatest.Options{Token: "a-token"})
	client, err := coda.New(coda.Options{Token: "a-token", Transport: api.RoundTripper()})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	for doc, err := range client.Docs(ctx, coda.DocFilter{OwnedOnly: true}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(doc.Name)
	}
	pages := 0
	for page, err := range client.Pages(ctx, codatest.SampleDoc) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if page.Parent == nil && pages < 3 {
			fmt.Println("-", page.Name)
			pages++
		}
	}
	_, err = client.Doc(ctx, "no-such-doc")
	fmt.Println(rest.CodeOf(err), errors.Is(err, iofs.ErrNotExist))
	// Output:
	// Product Launch Hub
	// Customer Research — Frühjahr 2026
	// Team Handbook
	// - Launch status
	// - Launch plan
	// - Meeting notes
	// not_found true
}
