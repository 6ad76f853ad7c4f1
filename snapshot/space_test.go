package snapshot_test

import (
	"context"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/sealed"
)

// What snapshots take is what du says of them, one after the other.
func TestSpaceIsWhatTheDiskHasLess(t *testing.T) {
	n := newNights(t, 3)
	n.next(t, n.from, 0)
	n.from.edit("docs/Läunch & Plan 1__doc1/pages/Status__canvas-1.md", strings.Repeat("long\n", 10_000))
	n.next(t, n.from, 0)
	all, err := sealed.List(n.o.Output)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, l := range all {
		ids = append(ids, l.ID)
	}
	got, err := folder.Space(t.Context(), n.o.Output, ids)
	if err != nil || got[ids[2]] < 50_000 || got[ids[0]] <= got[ids[1]] {
		t.Errorf("space %v, %v", got, err)
	}
	// Without the first, the second has what they shared.
	alone, err := folder.Space(t.Context(), n.o.Output, ids[1:])
	if err != nil || alone[ids[1]] <= got[ids[1]] || alone[ids[2]] != got[ids[2]] {
		t.Errorf("space %v without the first, %v", alone, err)
	}
	for ids, space := range map[string]map[string]int64{strings.Join(ids, " "): got, strings.Join(ids[1:], " "): alone} {
		du := exec.Command("du", append([]string{"-s", "-B1"}, strings.Fields(ids)...)...)
		du.Dir = n.o.Output
		out, err := du.Output()
		if err != nil {
			t.Skip("no GNU du")
		}
		for line := range strings.Lines(string(out)) {
			f := strings.Fields(line)
			if want, _ := strconv.ParseInt(f[0], 10, 64); space[f[1]] != want {
				t.Errorf("%s takes %d, du says %d", f[1], space[f[1]], want)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := folder.Space(ctx, n.o.Output, ids); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
}
