package open

import (
	"path/filepath"
	"testing"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
)

// A service on this machine is not the demo, whose writes are forgotten by a word.
func TestAServiceOnThisMachineHasAStateFolderOfItsOwn(t *testing.T) {
	o := coda.Options{BaseURL: "https://localhost/apis/v1", Token: "some", Unlimited: true, Transport: codatest.New(codatest.Sample(), codatest.Options{}).RoundTripper()}
	client, err := coda.New(o)
	if err != nil {
		t.Fatal(err)
	}
	base := t.TempDir()
	for _, demo := range []bool{true, false} {
		w := &Workspace{Client: client, options: o, demo: demo}
		dir, err := w.StateFolder(t.Context(), base)
		if isDemo := dir == filepath.Join(base, "demo"); err != nil || isDemo != demo {
			t.Errorf("demo %v: %s, %v", demo, dir, err)
		}
	}
}
