package blob_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/codatest/openapitest"
)

// collect reads all that shows blobs in the doc of Pictures, as the service sends it.
func collect(t *testing.T, c *coda.Client) *blob.Set {
	t.Helper()
	var all blob.Set
	for p, err := range c.Pages(t.Context(), codatest.PicturesDoc) {
		if err != nil {
			t.Fatal(err)
		}
		all.Add(blob.Use{PageID: p.ID}, blob.InCover(p.Raw, hosts))
		export, err := c.ExportPage(t.Context(), codatest.PicturesDoc, p.ID, coda.HTML)
		if err != nil {
			t.Fatal(err)
		}
		all.Add(blob.Use{PageID: p.ID}, blob.InPage(export, hosts))
	}
	for row, err := range c.Rows(t.Context(), codatest.PicturesDoc, codatest.PicturesTable, coda.RowOptions{Values: coda.Rich}) {
		if err != nil {
			t.Fatal(err)
		}
		for column, cell := range row.Values {
			all.Add(blob.Use{TableID: codatest.PicturesTable, RowID: row.ID, ColumnID: column}, blob.InCell(cell, hosts))
		}
	}
	return &all
}

// All blobs of a doc, from the service's own answers to their bytes: each is fetched once, what is not to be asked is not,
// and nobody but the service's own hosts is.
func TestAllBlobsOfADoc(t *testing.T) {
	state := codatest.Pictures()
	api := codatest.New(state, codatest.Options{})
	c, err := coda.New(coda.Options{Token: secret, Unlimited: true, Transport: api.RoundTripperOver(openapitest.Wrap(t, api))})
	if err != nil {
		t.Fatal(err)
	}
	set, fetcher := collect(t, c), blob.NewFetcher(c.Client, hosts, blob.Options{})
	got, fetched := map[string]string{}, map[string]int{}
	for _, f := range set.Files() {
		got[f.ID] = fmt.Sprintf("%s|%s|%d uses|%v", f.Name, f.Status, len(f.UsedBy), f.Problem)
		if !f.Wanted() {
			continue
		}
		fetched[f.ID] = 1
		var b bytes.Buffer
		if _, err := fetcher.Fetch(t.Context(), codatest.PicturesDoc, f, &b); err != nil {
			t.Errorf("%s: %v", f.ID, err)
		}
		for _, stored := range state.Docs[0].Blobs {
			if stored.ID == f.ID {
				if want, _ := io.ReadAll(io.NewSectionReader(stored.Content, 0, stored.Content.Size())); !bytes.Equal(b.Bytes(), want) {
					t.Errorf("%s: %d bytes, want %d", f.ID, b.Len(), len(want))
				}
			}
		}
	}
	want := map[string]string{ // cells count, and the pages that show their table and its view
		codatest.BlobShared:    "shared.png|live|5 uses|<nil>",
		codatest.BlobPhoto:     "IMG_0042.HEIC|live|4 uses|<nil>",
		codatest.BlobPDF:       "Report (final).pdf|live|4 uses|<nil>",
		codatest.BlobVideo:     "|live|1 uses|<nil>",
		codatest.BlobNameless:  "|live|1 uses|<nil>",
		codatest.BlobCover:     "|live|1 uses|<nil>",
		codatest.BlobCell:      "Photo.png|live|4 uses|<nil>",
		codatest.BlobTwin:      "photo.png|live|3 uses|<nil>",
		codatest.BlobDeleted:   "gone.png|deleted|3 uses|<nil>",
		codatest.BlobFailed:    "../half\nuploaded.png|failed|3 uses|<nil>",
		codatest.BlobElsewhere: "bait|live|1 uses|" + blob.ErrForeignHost.Error(),
	}
	if !maps.Equal(got, want) {
		t.Errorf("found\n%v\nwant\n%v", got, want)
	}
	if ids := set.Impossible(); !slices.Equal(ids, []string{codatest.BlobImpossible}) {
		t.Errorf("impossible: %q", ids)
	}
	if asked := api.BlobRequests(); !maps.Equal(asked, fetched) || len(fetched) != 8 {
		t.Errorf("asked for %v, want %v", asked, fetched)
	}
	for _, r := range api.Requests() {
		if own := r.Host == "coda.io" || "https://"+r.Host == codatest.DefaultBlobs || "https://"+r.Host == codatest.DefaultDownloads; !own || strings.Contains(r.Host, "elsewhere") {
			t.Errorf("%s was asked for %s", r.Host, r.Path)
		}
	}
	if leaks := api.Leaks(); len(leaks) > 0 {
		t.Errorf("a token came to %v", leaks)
	}
}
