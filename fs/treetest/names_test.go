package treetest_test

import (
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// The names of a great many objects whose titles and ids somebody made up to break them, as the tree
// shows them.
func TestAHundredThousandNames(t *testing.T) {
	objects := 3_000
	if os.Getenv("CODAFS_SOAK") == "1" {
		objects = 100_000
	}
	g := &nameMaker{rng: rand.New(rand.NewPCG(7, 2026))}
	w := &codatest.Workspace{ID: "ws-Names", Name: "Names", User: codatest.Person{Name: "N", Email: "n@names.example"}}
	for g.made < objects {
		w.Docs = append(w.Docs, g.doc())
	}
	var names map[string]fs.Node
	for _, mode := range []fs.NameMode{fs.NamesTitle, fs.NamesID} {
		tree := quietTree(t, w, mode)
		names = namesOf(t, tree.Root())
		if len(names) < objects {
			t.Fatalf("%d names for %d objects", len(names), objects)
		}
		checkLegal(t, names)
		checkUnique(t, names)
		foundAgain(t, tree, names, mode)
	}

	// A part of the siblings goes, the rest comes in another order, and a new tree names them.
	left := map[object]bool{}
	for _, d := range w.Docs {
		slices.Reverse(d.Pages)
		slices.Reverse(d.Tables)
		d.Tables = d.Tables[:len(d.Tables)/2]
		for _, t := range d.Tables {
			left[object{d.ID, fs.KindRows, t.ID}] = true
		}
	}
	checkStable(t, names, namesOf(t, quietTree(t, w, fs.NamesID).Root()), left)
	t.Logf("%d names of %d objects", len(names), g.made)
}

// quietTree is a tree over a service whose answers nobody looks into.
func quietTree(t *testing.T, w *codatest.Workspace, names fs.NameMode) *remote.Tree {
	client, err := coda.New(coda.Options{Token: "any", Unlimited: true, Transport: codatest.New(w, codatest.Options{}).RoundTripper()})
	if err != nil {
		t.Fatal(err)
	}
	store := cache.NewMemory(1 << 20)
	t.Cleanup(func() { store.Close() })
	tree := codadocs.New(client, treetest.Kept(store), codadocs.Options{Options: remote.Options{Account: "names"}, Select: codadocs.Selection{Names: names}})
	t.Cleanup(tree.Close)
	return tree
}

// nameMaker makes titles and ids.
type nameMaker struct {
	rng    *rand.Rand
	made   int
	titles []string
	ids    map[string]bool
}

// pieces are what goes wrong in names, and what looks alike.
var pieces = []string{
	"a", "B", "Plan", "PLAN", "plan", "ß", "SS", "ſ", "K", "k", "K", "İ", "i̇", "ı", "é", "e\u0301", "E\u0301", "Å", "Å", "ﬁ", "fi", "σ", "ς", "Σ",
	"漢", "計画", "한", "한", "ع", "\u202e", "\u200f", "\u200b", "\ufeff", "\u2028", "\u0085", "\x00", "\n", "\t", "\x7f", "\xff", "\u00ad",
	"👩\u200d🚀", "🏳\ufe0f\u200d🌈", "\u200d", "🇩🇪", "🏴\U000e0067\U000e007f", "\ufe0f", "\u0301", "\u0338", ">", "<", ":", "\"", "/", "\\", "|", "?", "*", "%",
	".", "..", "-", " ", "_", "__", "~", "CON", "nul", "Com1", "LPT³", "aux ", "CONIN$", ".md", ".csv", ".columns.json", "__canvas-", "\u1e9e", "\u01c4", "\u01c6",
	"\u0345", "\u1fb3", "\U00010400", "\U00010428", "\ue000", "\ufdd0", "\uffff", "x\u0327\u0301", "ﷺ", strings.Repeat("w", 70), strings.Repeat("漢", 25),
}

// title is a new one, or one that was there, or nearly.
func (g *nameMaker) title() string {
	if n := len(g.titles); n > 0 && g.rng.IntN(3) == 0 {
		s := g.titles[n-1-g.rng.IntN(min(n, 30))]
		change := []func(string) string{strings.ToUpper, strings.ToLower, strings.ToTitle, norm.NFD.String, norm.NFKC.String, strings.TrimSpace, func(s string) string { return s }}
		return change[g.rng.IntN(len(change))](s)
	}
	var b strings.Builder
	for range g.rng.IntN(7) {
		b.WriteString(pieces[g.rng.IntN(len(pieces))])
	}
	if g.rng.IntN(4) == 0 {
		b.WriteRune(rune(g.rng.IntN(unicode.MaxRune)))
	}
	g.titles = append(g.titles, b.String())
	return b.String()
}

// id is of letters that some systems take for one another.
func (g *nameMaker) id(prefix string) string {
	if g.ids == nil {
		g.ids = map[string]bool{}
	}
	for {
		id := prefix
		for range 2 + g.rng.IntN(9) {
			id += string("aAbBkKsS_-09"[g.rng.IntN(12)])
		}
		if g.rng.IntN(200) == 0 {
			id += strings.Repeat("z", 100)
		}
		if !g.ids[id] {
			g.ids[id] = true
			g.made++
			return id
		}
	}
}

func (g *nameMaker) doc() *codatest.Doc {
	d := &codatest.Doc{ID: g.id(""), Name: g.title()}
	for i := range 120 {
		p := &codatest.Page{ID: g.id("canvas-"), Name: g.title()}
		if i > 0 && g.rng.IntN(2) == 0 {
			p.Parent = d.Pages[g.rng.IntN(i)].ID
		}
		if g.rng.IntN(20) == 0 {
			p.Type = "embed"
		}
		if i > 0 && g.rng.IntN(10) == 0 {
			g.twin(p, d.Pages[i-1])
		}
		d.Pages = append(d.Pages, p)
	}
	for range 60 {
		table := &codatest.Table{ID: g.id("grid-"), Name: g.title(), Parent: d.Pages[g.rng.IntN(len(d.Pages))].ID}
		if g.rng.IntN(3) == 0 && len(d.Tables) > 0 {
			table.Base = d.Tables[0].ID
		}
		d.Tables = append(d.Tables, table)
	}
	return d
}

// twin makes p a page that differs from its sibling by the case of letters, if that.
func (g *nameMaker) twin(p, sibling *codatest.Page) {
	suffix, _ := strings.CutPrefix(sibling.ID, "canvas-")
	if id := "canvas-" + strings.ToUpper(suffix); !g.ids[id] {
		g.ids[id] = true
		p.ID = id
	}
	p.Name, p.Parent, p.Type = strings.ToUpper(sibling.Name), sibling.Parent, sibling.Type
}

// namesOf gives the paths of all that is below a folder.
func namesOf(t *testing.T, dir fs.Dir) map[string]fs.Node {
	all := map[string]fs.Node{}
	var list func(dir fs.Dir, below string)
	list = func(dir fs.Dir, below string) {
		nodes, err := dir.Entries(t.Context())
		if err != nil {
			t.Fatalf("%q: %v", below, err)
		}
		for _, n := range nodes {
			name := path.Join(below, n.Name())
			if _, twice := all[name]; twice {
				t.Errorf("%q is there twice", name)
			}
			all[name] = n
			if d, ok := n.(fs.Dir); ok {
				list(d, name)
			}
		}
	}
	list(dir, "")
	return all
}

// checkLegal goes by what the makers of the systems write.
func checkLegal(t *testing.T, names map[string]fs.Node) {
	for p, n := range names {
		name := n.Name()
		if why := cmpOr(linuxRefuses(name), macRefuses(name), windowsRefuses(name)); why != "" {
			t.Errorf("%+q: %s", name, why)
		}
		if path.Base(p) != name {
			t.Errorf("%+q is a path", name)
		}
	}
}

func cmpOr(reasons ...string) string {
	return strings.Trim(strings.Join(reasons, " "), " ")
}

// linuxRefuses: path_resolution(7).
func linuxRefuses(name string) string {
	if name == "" || name == "." || name == ".." || len(name) > 255 || strings.ContainsAny(name, "/\x00") {
		return "no name to Linux"
	}
	return ""
}

// macRefuses: APFS takes any valid UTF-8 of up to 255 characters; a colon is the separator of its upper layers.
func macRefuses(name string) string {
	if !utf8.ValidString(name) || len(utf16.Encode([]rune(name))) > 255 || strings.Contains(name, ":") {
		return "no name to macOS"
	}
	return ""
}

// windowsRefuses: "Naming Files, Paths, and Namespaces".
func windowsRefuses(name string) string {
	base, _, _ := strings.Cut(name, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	reserved := []string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
	for _, n := range "0123456789¹²³" {
		reserved = append(reserved, "COM"+string(n), "LPT"+string(n))
	}
	switch {
	case strings.ContainsAny(name, `<>:"/\|?*`), strings.ContainsFunc(name, func(r rune) bool { return r < 32 }):
		return "a character that Windows refuses"
	case strings.HasSuffix(name, "."), strings.HasSuffix(name, " "), slices.Contains(reserved, base):
		return "no name to Windows"
	}
	return ""
}

// checkUnique compares siblings as systems do that take no notice of case, or of how accents are written.
func checkUnique(t *testing.T, names map[string]fs.Node) {
	fold := cases.Fold()
	ways := map[string]func(string) string{
		"folded":         func(s string) string { return norm.NFD.String(fold.String(norm.NFD.String(s))) },
		"in upper case":  func(s string) string { return strings.Map(upper, s) },
		"in lower case":  func(s string) string { return strings.Map(lower, s) },
		"as NFD, folded": func(s string) string { return strings.Map(lower, norm.NFD.String(s)) },
	}
	for way, of := range ways {
		seen := map[string]string{}
		for p := range names {
			key := path.Dir(p) + "\x00" + of(path.Base(p))
			if twin, taken := seen[key]; taken {
				t.Errorf("%+q and %+q are one name %s", twin, p, way)
			}
			seen[key] = p
		}
	}
}

// upper and lower map each character to one other, as NTFS does, which leaves the Turkish i's alone.
func upper(r rune) rune {
	if r == 'ı' {
		return r
	}
	return unicode.ToUpper(r)
}

func lower(r rune) rune {
	if r == 'İ' {
		return r
	}
	return unicode.ToLower(r)
}

// foundAgain looks each name up, and finds the object whose id stands in it.
func foundAgain(t *testing.T, tree *remote.Tree, names map[string]fs.Node, mode fs.NameMode) {
	for p, n := range names {
		found, err := fs.Walk(t.Context(), tree.Root(), p)
		if err != nil || objectOf(found) != objectOf(n) {
			t.Errorf("%+q: found %v, %v; want %v", p, found, err, objectOf(n))
			continue
		}
		if o := n.Object(); mode == fs.NamesID && isOwn(o) && !strings.Contains(n.Name(), "__"+o.ID) {
			t.Errorf("%+q does not have the id %s", p, o.ID)
		}
	}
}

// isOwn reports whether an object has a name of its own, not one that all docs have.
func isOwn(o fs.Object) bool {
	return slices.Contains([]fs.Kind{fs.KindPage, fs.KindPageJSON, fs.KindRows, fs.KindColumns, fs.KindTable}, o.Kind)
}

// checkStable compares the names of objects that were there before and after.
func checkStable(t *testing.T, before, after map[string]fs.Node, tables map[object]bool) {
	was := map[object]string{}
	for _, n := range before {
		if o := n.Object(); o.Kind == fs.KindPage || o.Kind == fs.KindRows {
			was[objectOf(n)] = n.Name()
		}
	}
	same := 0
	for _, n := range after {
		old, ok := was[objectOf(n)]
		if !ok || strings.Contains(old, "~") && old != n.Name() && tables[objectOf(n)] {
			continue // the sibling that it had to be told from may have gone
		}
		if old != n.Name() {
			t.Errorf("%+q is %+q now", old, n.Name())
		}
		same++
	}
	if want := len(was) / 2; same < want {
		t.Errorf("only %d names were there again, want %d", same, want)
	}
}
