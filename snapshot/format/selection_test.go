package format_test

import (
	"encoding/json"
	"testing"

	"github.com/codafs/codafs/snapshot/format"
)

func headOf(account string, selection map[string]any) format.Head {
	return format.Head{Source: format.Source{APIURL: "https://coda.io", Account: account}, Options: format.Recorded{Selection: selection}}
}

// A setting that has its default value is as if it were not there, lists are sets, and it does not matter whether a selection
// comes from flags or from a manifest.
func TestSeries(t *testing.T) {
	now := headOf("a", map[string]any{"doc": []string{"x", "y"}, "raw-html": true})
	for name, c := range map[string]struct {
		other format.Head
		same  bool
	}{
		"defaults":         {headOf("a", map[string]any{"doc": []string{"y", "x", "y"}, "raw-html": true, "rows-json": false, "exclude": []string{}, "names": "id"}), true},
		"read":             {headOf("a", map[string]any{"doc": []any{"x", "y"}, "raw-html": true}), true},
		"one doc less":     {headOf("a", map[string]any{"doc": []string{"x"}, "raw-html": true}), false},
		"one setting less": {headOf("a", map[string]any{"doc": []string{"x", "y"}}), false},
		"another account":  {headOf("b", map[string]any{"doc": []string{"x", "y"}, "raw-html": true}), false},
	} {
		if same := now.Series() == c.other.Series(); same != c.same {
			t.Errorf("%s: one series is %t", name, same)
		}
		if words := now.Differences(c.other); (words == "") != c.same {
			t.Errorf("%s: the differences are %q", name, words)
		}
		var read format.Head
		if text, err := json.Marshal(c.other); err != nil || json.Unmarshal(text, &read) != nil || read.Series() != c.other.Series() {
			t.Errorf("%s: another series when it is read back: %v", name, err)
		}
	}
}

// Files are only added by some settings, so runs with and without them are compared with each other, and each says which it had.
func TestSettingsThatAddFilesMakeNoOtherSeries(t *testing.T) {
	with := format.Head{Options: format.Recorded{Selection: format.Chosen(map[string]any{"files": true, "html-pages": true, "no-views": true})}}
	without := format.Head{Options: format.Recorded{Selection: format.Chosen(map[string]any{"files": false, "html-pages": false, "no-views": true})}}
	older := format.Head{Options: format.Recorded{Selection: map[string]any{"no-views": true}}}
	for _, h := range []format.Head{without, older} {
		if h.Series() != with.Series() || h.Differences(with) != "" || h.Options.HasFiles() || h.Options.AddsAs(with.Options) || !h.Options.AddsAs(older.Options) {
			t.Errorf("%+v: %s, %s", h.Options, h.Series(), h.Differences(with))
		}
	}
	if _, said := without.Options.Selection["files"]; !said || !with.Options.HasFiles() {
		t.Errorf("a record does not say whether it has files: %v", without.Options.Selection)
	}
	other := format.Head{Options: format.Recorded{Selection: map[string]any{"files": true}}}
	if other.Series() == with.Series() {
		t.Error("no-views does not make another series")
	}
}
