package find

import (
	"errors"
	"strings"
	"testing"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
)

// FuzzLinkNamesWhatItHas gives links that nobody copied from a browser.
func FuzzLinkNamesWhatItHas(f *testing.F) {
	for _, link := range []string{
		"https://coda.io/d/Launch_dAbCDeFGH1a/Plan_suXyz12", "https://docs.superhuman.com/d/_dAbCDeFGH1a#Tasks_tuGrid1/r3",
		"https://coda.io/apis/v1/docs/AbCDeFGH1a/tables/grid-1/rows/i-2", "docs://AbCDeFGH1a/pages/canvas-1", "docs://../..",
		"https://coda.io/d/", "https://example.com", "docs://", "://", "%zz://", "https://coda.io/d/x_d0123456789\x00", "http://[::1",
	} {
		f.Add(link)
	}
	f.Fuzz(func(t *testing.T, link string) {
		got, err := parseLink(link)
		if err != nil {
			if wrong, ok := errors.AsType[exit.UsageError](err); !ok || strings.ContainsAny(wrong.Error(), "\n\x00") {
				t.Errorf("%q: %#v", link, err)
			}
			return
		}
		if got.doc == "" || strings.Contains(got.doc+got.object, "/") {
			t.Errorf("%q leads to %+v", link, got)
		}
	})
}
