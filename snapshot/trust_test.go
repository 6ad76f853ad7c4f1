package snapshot_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// What makes a doc's stamp worth nothing, beside what incremental_test.go has. Each case changes the
// first run of all, whose second page is then edited without a new stamp.
func TestStampsThatProveNothing(t *testing.T) {
	const edited = 3 // the index of a page
	for name, change := range map[string]func(n *nights){
		"none":                 func(n *nights) { n.from.entries[0].UpdatedAt, n.from.entries[0].ModTime = time.Time{}, time.Time{} },
		"another release":      func(n *nights) { n.o.Tool = "codafs older" },
		"a page came as lines": func(n *nights) { n.from.entries[edited+1].Source = fs.SourceContent },
		"a young page":         func(n *nights) { n.from.entries[edited+1].Version += "-young" },
	} {
		t.Run(name, func(t *testing.T) {
			n := &nights{from: workspace(1), o: options(t)}
			tool := n.o.Tool
			change(n)
			mustRun(t, n.from, n.o, 0)
			n.o.Incremental, n.o.TrustDocTimestamps, n.o.Tool = true, true, tool
			page := n.from.entries[edited].Path
			n.from.edit(page, "# Edited\n")
			n.next(t, gated{n.from, map[string]time.Time{}}, 0)
			if !slices.Contains(n.from.opened, page) {
				t.Errorf("not looked into: %v", n.from.opened)
			}
		})
	}
}

// A list that the token may not see is named by the index, which a trusted doc has none of.
func TestWhatIsWithheldOfATrustedDocIsStillSaid(t *testing.T) {
	n := newNights(t, 2)
	n.o.TrustDocTimestamps = true
	s, _ := n.next(t, gated{n.from, map[string]time.Time{}}, 0)
	want := "permissions.json is left out as it was in " + firstID + " (docs: 2)"
	if !slices.Contains(s.Notes, want) || len(s.Warnings) > 0 { // the first night has said so
		t.Errorf("notes %q, want %q; warnings %q", s.Notes, want, s.Warnings)
	}
}

func TestTheManifestSaysHowTheRunWasMade(t *testing.T) {
	n := newNights(t, 1)
	n.o.TrustDocTimestamps, n.o.RowDeltas = true, true
	s, _ := n.next(t, gated{n.from, map[string]time.Time{}}, 0)
	m := readJSON[format.Manifest](t, strings.Join([]string{n.o.Output, s.ID, "manifest.json"}, "/"))
	if o := m.Options; !o.Incremental || !o.TrustDocTimestamps || !o.RowDeltas {
		t.Errorf("options %+v", o)
	}
}
