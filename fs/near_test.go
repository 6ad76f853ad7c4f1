package fs

import "testing"

func TestNearestGuessesOnlyWhatIsPlain(t *testing.T) {
	names := []string{"doc", "offline", "output", "refresh", "rows-json", "incremental", "include-shared", "rate"}
	for slip, want := range map[string]string{
		"dok": "doc", "docs": "doc", "ofline": "offline", "referhs": "refresh", "refersh": "refresh", "rows_json": "rows-json",
		"incr": "incremental", "inc": "incremental", "outptu": "output", "rates": "rate",
		"": "", "d": "", "in": "", "xyz": "", "frobnicate": "", "xate-limit": "",
	} {
		if got := Nearest(slip, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", slip, got, want)
		}
	}
}

func TestDistanceCountsSlips(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "", 3}, {"", "ab", 2}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"abc", "abcd", 1}, {"abcd", "acbd", 1}, {"kitten", "sitting", 3}} {
		if got := distance([]rune(c.a), []rune(c.b)); got != c.want || distance([]rune(c.b), []rune(c.a)) != c.want {
			t.Errorf("%q and %q are %d slips apart, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestNearestWhateverTheForm(t *testing.T) {
	names := []string{"Frühjahr", "Straße", "Team Handbook"}
	for name, want := range map[string]string{
		"FRU\u0308HJAHR": "Frühjahr", "fruhjahr": "Frühjahr", "strasse": "Straße", "team handbook": "Team Handbook", "Team Hand": "Team Handbook", "Herbst": "",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", name, got, want)
		}
	}
}
