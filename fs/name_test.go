package fs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const family = "👨\u200d👩\u200d👧\u200d👦" // 25 bytes

func TestCleanTitle(t *testing.T) {
	for _, c := range []struct{ why, title, want string }{
		{"plain titles stay", "Launch Status (v2) & Übersicht", "Launch Status (v2) & Übersicht"},
		{"no title", "", "Untitled"},
		{"only spaces", "   ", "Untitled"},
		{"only what is not seen", "\u200b\u2060\ufeff", "Untitled"},
		{"NFD becomes NFC", "Cafe\u0301", "Café"},
		{"parts that a dropped character kept apart compose", "Cafe\u200b\u0301", "Café"},

		{"a slash", "Q1/Q2", "Q1_Q2"},
		{"a run becomes one underscore", "a//\\:b", "a_b"},
		{"controls and signs are one class", "a\n/\t?b", "a_b"},
		{"a run goes on over a dropped character", "a/\u200b/b", "a_b"},
		{"underscores of the title stay", "a__b/_", "a__b__"},
		{"every sign that Windows refuses, and percent", "a<b>c:d\"e/f\\g|h?i*j%k", "a_b_c_d_e_f_g_h_i_j_k"},
		{"line and paragraph separators, C1 controls", "a\u2028b\u2029c\u0085d\x7fe\x00f", "a_b_c_d_e_f"},

		{"a title that climbs", "../../etc/passwd", "___.._etc_passwd"},
		{"two dots", "..", "__"},
		{"hidden files", ".profile", "_profile"},
		{"options", "-rf", "_rf"},
		{"each of a leading run", ".-.a.-", "___a.-"},
		{"after a dropped character", "\u202e.a", "_a"},
		{"trailing dots and spaces", "Wait for it. . .", "Wait for it"},

		{"a device", "CON", "CON_"},
		{"in any case, with an ending", "con.txt", "con_.txt"},
		{"with two endings", "Nul.tar.gz", "Nul_.tar.gz"},
		{"with spaces before the dot", "aux .md", "aux _.md"},
		{"with trailing spaces", "PRN  ", "PRN_"},
		{"with a number", "com0", "com0_"},
		{"with a superscript", "LPT³.x", "LPT³_.x"},
		{"consoles", "conin$ CONOUT$", "conin$ CONOUT$"},
		{"console", "Conout$.a", "Conout$_.a"},
		{"longer words are no devices", "Console", "Console"},
		{"nor are shorter ones", "COM", "COM"},
		{"nor in a later part", "a.con", "a.con"},
		{"nor is one that was marked", "CON_.txt", "CON_.txt"},
		{"a device that was hidden", "C\u200bON", "CON_"},

		{"an emoji's joiners stay", "Team " + family, "Team " + family},
		{"over skin tones and selectors", "👩🏽\u200d🚀 🏳\ufe0f\u200d🌈 ❤\ufe0f\u200d🔥 🙂\u200d↔\ufe0f", "👩🏽\u200d🚀 🏳\ufe0f\u200d🌈 ❤\ufe0f\u200d🔥 🙂\u200d↔\ufe0f"},
		{"joiners elsewhere go", "a\u200db 👩\u200d \u200d👩 👩\u200d\u200d", "ab 👩 👩 👩"},
		{"of two joiners one goes", "👩\u200d\u200d🚀", "👩\u200d🚀"},
		{"a joiner goes with its emoji", "🙂\u200d↔\u200b\u0338", "🙂↮"},
		{"marks of direction", "\u202egpj.exe\u200f\u2066", "gpj.exe"},
		{"tags of a flag", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🏴"},
		{"a country's flag stays", "🇩🇪", "🇩🇪"},
		{"broken UTF-8", "a\xffb\xc3", "a\ufffdb\ufffd"},

		{"80 bytes stay", strings.Repeat("a", 80), strings.Repeat("a", 80)},
		{"more are cut", strings.Repeat("a", 300), strings.Repeat("a", 80)},
		{"on a rune", strings.Repeat("a", 79) + "é", strings.Repeat("a", 79)},
		{"runes of three bytes", strings.Repeat("漢", 300), strings.Repeat("漢", 26)},
		{"without a joiner at the end", strings.Repeat("a", 73) + family, strings.Repeat("a", 73) + "👨"},
		{"without a dot at the end", strings.Repeat("a", 78) + ". b", strings.Repeat("a", 78)},
		{"a cut makes a device", "CON" + strings.Repeat(" ", 100) + "x", "CON_"},
		{"a mark makes a cut", "CON." + strings.Repeat("a", 76), "CON_." + strings.Repeat("a", 75)},
	} {
		if got := CleanTitle(c.title, 80); got != c.want {
			t.Errorf("%s: cleanTitle(%+q) = %+q, want %+q", c.why, c.title, got, c.want)
		}
	}
}

func TestTableNameFitsWithLongestID(t *testing.T) {
	id := strings.Repeat("i", 128)
	long := strings.Repeat("t", 300)
	for _, c := range []struct {
		parent, title string
		want          int // bytes of the parent's part
	}{
		{"p", "t", 1},
		{strings.Repeat("p", 300), long, 23},
		{strings.Repeat("p", 300), "Tasks", 60},
		{strings.Repeat("漢", 30), long, 21},
	} {
		stem := NameOn(c.parent, c.title, id).stem(formHash)
		parent, rest, _ := strings.Cut(stem, "__")
		if len(parent) != c.want || len(stem+".columns.json") > 255 {
			t.Errorf("a parent of %d bytes in a name of %d; want %d", len(parent), len(stem+".columns.json"), c.want)
		}
		if want := c.title[:min(len(c.title), 80)] + "__" + id + "~"; !strings.HasPrefix(rest, want) {
			t.Errorf("the title or the id was cut: %s", rest)
		}
	}
}

func TestStemsWithIDs(t *testing.T) {
	got := UniqueStems(NamesID, []Named{
		NameOf("Roadmap", "canvas-1", ".md", ""),
		NameOf("Roadmap", "canvas-2", ".md"),
		NameOf("Twins", "canvas-aB", ".md"),
		NameOf("TWINS", "canvas-Ab", ".md", ""),
		NameOf("a__b", "c", ".md"), // with its id the same as the next
		NameOf("a", "b__c", ".md"),
		NameOf("CON", "canvas-3", ""),
		NameOn("Plan/B", "Tasks", "grid-x"),
	})
	want := []string{
		"Roadmap__canvas-1", "Roadmap__canvas-2",
		"Twins__canvas-aB~ef440e", "TWINS__canvas-Ab~32c40b", // printf canvas-aB | sha256sum
		"a__b__c~2e7d2c", "a__b__c~61eb42",
		"CON___canvas-3", "Plan_B__Tasks__grid-x",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestStemsWithTitlesOnly(t *testing.T) {
	for _, c := range []struct {
		why  string
		objs []Named
		want []string
	}{
		{"nobody clashes", []Named{NameOf("A", "1", ".md", ""), NameOn("P", "T", "2", ".csv")}, []string{"A", "P__T"}},
		{"only those that clash get ids", []Named{NameOf("A", "1", ".md"), NameOf("B", "2", ".md"), NameOf("A", "3", ".md")}, []string{"A__1", "B", "A__3"}},
		{"case and ß", []Named{NameOf("Straße", "1", ".md"), NameOf("STRASSE", "2", ".md")}, []string{"Straße__1", "STRASSE__2"}},
		{"NFC and NFD", []Named{NameOf("é", "1", ".md"), NameOf("e\u0301", "2", ".md")}, []string{"é__1", "é__2"}},
		{"one's file is the other's folder", []Named{NameOf("A", "1", ".md"), NameOf("a.MD", "2", ".md", "")}, []string{"A__1", "a.MD__2"}},
		{"other endings, no clash", []Named{NameOf("A", "1", ".md"), NameOf("A", "2", ".page.json")}, []string{"A", "A"}},
		{"ids that differ by case", []Named{NameOf("A", "x", ".md"), NameOf("a", "X", ".md")}, []string{"A__x~2d7116", "a__X~4b68ab"}},
		{"a title like another's long name gives way", []Named{NameOf("A__1", "3", ".md"), NameOf("A", "1", ".md"), NameOf("A", "2", ".md")}, []string{"A__1__3", "A__1", "A__2"}},
		{"so does one like another's hash", []Named{NameOf("A", "x", ".md"), NameOf("a", "X", ".md"), NameOf("A__x~2d7116", "3", ".md")}, []string{"A__x~2d7116", "a__X~4b68ab", "A__x~2d7116__3"}},
		{"nothing to name", nil, []string{}},
	} {
		if got := UniqueStems(NamesTitle, c.objs); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
	}
}

func TestValidID(t *testing.T) {
	for _, id := range []string{"a", "grid--O800Jgej_", "canvas-IjkLmnO", strings.Repeat("x", 128)} {
		if !ValidID(id) {
			t.Errorf("%q refused", id)
		}
	}
	for _, id := range []string{"", ".", "..", "a/b", "a b", "a\n", "ä", "a~1", "a.md", "a\x00", strings.Repeat("x", 129)} {
		if ValidID(id) {
			t.Errorf("%q taken", id)
		}
	}
}

var hostileTitles = []string{
	"", " ", ".", "..", "-", "../../../etc/passwd", "CON", "con .txt", "lpt¹", "CONIN$", "NUL." + strings.Repeat("x", 90),
	"line\nbreak", "a\u2028b", "a\x00b", "Cafe\u0301", "Café", "STRASSE", "Straße", "\u0301", "\u1fb3\u0345", "İi̇ıI", "ſtK\u212a",
	family, strings.Repeat(family, 12), "👩🏽\u200d🚀", "🙂\u200d↔\u200b\u0338", "\U0001d15e\u200d👩", "🏴\U000e0067\U000e0062\U000e007f",
	"\u202egpj.exe", "\u200f\u200b", ">\u0338", ">\u200d\u0338", "a\xff\xfe", "A", "a", "A.md", "A__1", "a__1~6b86b2",
	strings.Repeat("x", 300), strings.Repeat("漢", 300), strings.Repeat(".", 300), strings.Repeat(" ", 300) + "x",
	"z" + strings.Repeat("\u0351\u0327", 60), "z" + strings.Repeat("\u0351", 29) + "\u200b" + strings.Repeat("\u0327", 29),
}

func FuzzCleanTitle(f *testing.F) {
	for _, title := range hostileTitles {
		f.Add(title, uint8(80))
		f.Add(title, uint8(23))
	}
	f.Fuzz(func(t *testing.T, title string, limit uint8) {
		if limit < 8 {
			t.Skip("no table's parent is cut to so few bytes")
		}
		got := CleanTitle(title, int(limit))
		if len(got) > int(limit) {
			t.Errorf("%d bytes for a limit of %d", len(got), limit)
		}
		if problem := illegal(got); problem != "" {
			t.Errorf("%+q became %+q: %s", title, got, problem)
		}
		if again := CleanTitle(got, int(limit)); again != got {
			t.Errorf("%+q became %+q, and that %+q", title, got, again)
		}
	})
}

// FuzzUniqueStems takes titles and ids as lists, and of shapes two bits for each object.
func FuzzUniqueStems(f *testing.F) {
	longID := strings.Repeat("i", 127)
	f.Add(strings.Join(hostileTitles, "\x1f"), "", uint64(0x1b1b1b1b1b1b1b1b))
	f.Add(strings.Join(hostileTitles, "\x1f"), longID+"a,"+longID+"A,"+longID+"b", ^uint64(0))
	f.Add("A\x1fa\x1fA.md\x1fA__x\x1fa__X~4b68ab\x1fA", "x,X,y,Y,z,xX", uint64(0x555))
	f.Add("a__b\x1fa\x1fA", "c,b__c,B__C", uint64(0))
	f.Fuzz(func(t *testing.T, titles, ids string, shapes uint64) {
		objs := fuzzedSiblings(titles, ids, shapes)
		for _, mode := range []NameMode{NamesID, NamesTitle} {
			stems := UniqueStems(mode, objs)
			checkNames(t, objs, stems)
			checkForms(t, mode, objs, stems)

			backwards := slices.Clone(objs)
			slices.Reverse(backwards)
			again := UniqueStems(mode, backwards)
			slices.Reverse(again)
			if !slices.Equal(again, stems) {
				t.Errorf("%s: in another order %q became %q", mode, stems, again)
			}
		}
	})
}

// fuzzedSiblings makes at most 48 objects with valid ids, none of them twice.
func fuzzedSiblings(titles, ids string, shapes uint64) []Named {
	var objs []Named
	seen := make(map[string]bool)
	idList := strings.Split(ids, ",")
	for i, title := range strings.Split(titles, "\x1f") {
		id := fmt.Sprint(i)
		if i < len(idList) && ValidID(idList[i]) {
			id = idList[i]
		}
		if seen[id] || i == 48 {
			break
		}
		seen[id] = true
		switch shapes >> (2 * i % 64) & 3 {
		case 0:
			objs = append(objs, NameOf(title, id, ".md"))
		case 1:
			objs = append(objs, NameOf(title, id, ".md", ""))
		case 2:
			objs = append(objs, NameOf(title, id, ".page.json"))
		case 3:
			objs = append(objs, NameOn(titles, title, id, ".csv", ".columns.json", ".table.json"))
		}
	}
	return objs
}

// checkNames: every name is legal, and no two objects have one that some system takes
// for the same.
func checkNames(t *testing.T, objs []Named, stems []string) {
	t.Helper()
	owners := make(map[string]int)
	for i, o := range objs {
		for _, ending := range o.endings {
			name := stems[i] + ending
			if problem := illegal(name); problem != "" {
				t.Errorf("%+q: %s", name, problem)
			}
			for _, key := range sameNames(name) {
				if owner, taken := owners[key]; taken && owner != i {
					t.Errorf("%+q is taken already: %+q", name, stems[owner])
				}
				owners[key] = i
			}
		}
	}
}

// checkForms: the title and the id stand whole in a name, and with ids there is nothing
// else but a hash.
func checkForms(t *testing.T, mode NameMode, objs []Named, stems []string) {
	t.Helper()
	for i, o := range objs {
		full := o.title + "__" + o.id
		hash, hashed := strings.CutPrefix(stems[i], full+"~")
		hashed = hashed && len(hash) == 6 && strings.Trim(hash, "0123456789abcdef") == ""
		if stems[i] != full && !hashed && (mode == NamesID || stems[i] != o.title) {
			t.Errorf("%s: the name of %+q is %+q", mode, full, stems[i])
		}
	}
}

// sameNames gives what systems without regard for case or normal form compare instead of
// name: one way of comparing in each.
func sameNames(name string) []string {
	simple := func(r rune) rune { // the least of all that are r in another case
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}
	return []string{
		"as it is: " + strings.Map(simple, name),
		"NFD: " + strings.Map(simple, norm.NFD.String(name)),
		"NFC: " + cases.Fold().String(norm.NFC.String(name)),
	}
}

// illegal says what keeps name from being a file's on Linux, macOS or Windows, or goes
// against our own rules.
func illegal(name string) string {
	first, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch {
	case name == "" || len(name) > 255:
		return fmt.Sprintf("%d bytes", len(name))
	case !utf8.ValidString(name):
		return "not UTF-8"
	case !norm.NFC.IsNormalString(name):
		return "not NFC"
	case strings.ContainsAny(name, "<>:\"/\\|?*%"):
		return "a character that is refused"
	case strings.ContainsAny(name[:1], ".-"):
		return "hidden, or taken for an option"
	case strings.ContainsAny(name[len(name)-1:], ". "):
		return "Windows drops the end"
	case slices.Contains(windowsDevices, strings.TrimRight(first, " ")):
		return "a device of Windows"
	}
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return "breaks the line or the terminal"
		}
		if unicode.Is(unicode.Cf, r) && (r != '\u200d' || i == 0 || i == len(runes)-1 || unicode.IsLetter(runes[i+1])) {
			return "a character that is not seen"
		}
	}
	return ""
}

var windowsDevices = []string{
	"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
	"COM0", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "COM¹", "COM²", "COM³",
	"LPT0", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9", "LPT¹", "LPT²", "LPT³",
}
