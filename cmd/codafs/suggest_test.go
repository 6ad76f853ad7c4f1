package main

import "testing"

func TestNearestGuessesOnlyWhatIsPlain(t *testing.T) {
	names := []string{"doc", "offline", "output", "refresh", "rows-json", "incremental", "include-shared", "rate"}
	for slip, want := range map[string]string{
		"dok": "doc", "docs": "doc", "ofline": "offline", "referhs": "refresh", "refersh": "refresh", "rows_json": "rows-json",
		"incr": "incremental", "inc": "incremental", "outptu": "output", "rates": "rate",
		"": "", "d": "", "in": "", "xyz": "", "frobnicate": "", "xate-limit": "",
	} {
		if got := nearest(slip, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", slip, got, want)
		}
	}
}

func TestDistanceCountsSlips(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "", 3}, {"", "ab", 2}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"abc", "abcd", 1}, {"abcd", "acbd", 1}, {"kitten", "sitting", 3}} {
		if got := distance(c.a, c.b); got != c.want || distance(c.b, c.a) != c.want {
			t.Errorf("%q and %q are %d slips apart, want %d", c.a, c.b, got, c.want)
		}
	}
}

// A container's own variables stop nothing; a misspelt setting does.
func TestVariablesThatAreNoSettings(t *testing.T) {
	known := settingNames()
	for line, refused := range map[string]bool{
		"CODAFS_REFRESH=1m": false, "CODAFS_CONFIG=x": false, "CODAFS_VERSION=1.2": false, "CODAFS_BUILD_DATE=today": false,
		"CODAFS_RESULT_EXIT_CODE=0": false, "CODAFS_OPENAPI=x": false, "CODA_REFERSH=1m": false, "_CODAFS_REFERSH=1m": false,
		"CODAFS_REFERSH=1m": true, "CODAFS_DOCS=x": true, "CODAFS_TOKEN=secret": true, "CODAFS_CACHE=x": true,
	} {
		if err := checkVariables(known, []string{line}); (err != nil) != refused {
			t.Errorf("%s: %v", line, err)
		}
	}
}
