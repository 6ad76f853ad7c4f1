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
