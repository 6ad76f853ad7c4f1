package term

import "testing"

func TestWhatCannotBeSeenIsQuoted(t *testing.T) {
	for s, want := range map[string]string{
		"docs/A/Café “x” 日本.md": "docs/A/Café “x” 日本.md", `a\b "c"`: `a\b "c"`, "a\u00a0b\u3000c": "a\u00a0b\u3000c", "": "",
		"👩‍🚀 crew":  "👩‍🚀 crew", // joined by U+200D
		"a\x1b[2Jb": `"a\x1b[2Jb"`, "a\nb": `"a\nb"`, "a\tb": `"a\tb"`, "a\u009bb": `"a\u009bb"`, "a\x9bb": `"a\x9bb"`,
		"gpj\u202e.md": `"gpj\u202e.md"`, "a\u2028b": `"a\u2028b"`,
	} {
		if got := Printable(s); got != want {
			t.Errorf("%q is shown as %s, want %s", s, got, want)
		}
	}
}
