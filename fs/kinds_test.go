package fs

import (
	"slices"
	"testing"
)

// What is not listed is not known of: a table's rows are named by the list of tables, and that by the list of docs.
func TestKindsKnowTheirLists(t *testing.T) {
	for kind, want := range map[Kind][]Kind{
		KindDoc: {KindDoc}, KindPages: {KindPages, KindDoc}, KindPageHTML: {KindPages, KindDoc},
		KindRows: {KindTables, KindDoc}, KindControls: {KindDoc}, "recipe": nil,
	} {
		if got := kind.Lists(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
	for kind, info := range kinds {
		for _, list := range kind.Lists() {
			if !list.Info().IsList {
				t.Errorf("%s is named by %s, which is no list", kind, list)
			}
		}
		if main := info.Main; main != "" && (main.Info().Main != main || main.Info().Class != info.Class) {
			t.Errorf("%s is counted as %s, which is not counted so itself", kind, main)
		}
	}
	if got, want := WithheldFrom(KindDoc), []Kind{KindControls, KindFormulas, KindPermissions}; !slices.Equal(got, want) {
		t.Errorf("a doc may lack %q, want %q", got, want)
	}
}
