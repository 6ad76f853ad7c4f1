package codadocs_test

import (
	"errors"
	iofs "io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// readOnly is a workspace whose trees' notices are kept.
type readOnly struct {
	*treetest.Workspace
	mu   sync.Mutex // guards told
	told []string
}

// noExports answers as the service does to a read-only token.
var noExports = codatest.Fault{Method: http.MethodPost, Path: ".*/export", Status: http.StatusForbidden}

// reader is a tree over a service with faults, whose notices are kept.
func reader(t *testing.T, state *codatest.Workspace, o codatest.Options, sel codadocs.Selection, faults ...codatest.Fault) *readOnly {
	t.Helper()
	r := &readOnly{Workspace: treetest.New(t, state, treetest.Options{Service: o})}
	r.Tree = r.tree(t, sel)
	for _, f := range faults {
		r.Fail(f)
	}
	return r
}

// tree is another tree over the same service and store.
func (r *readOnly) tree(t *testing.T, sel codadocs.Selection) *remote.Tree {
	tree := codadocs.New(r.Client, r.Store, codadocs.Options{Options: remote.Options{
		Account: "test",
		Now:     r.Clock.Now,
		Notice: func(text string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.told = append(r.told, text)
		},
	}, Select: sel})
	t.Cleanup(tree.Close)
	return tree
}

// wantTold asserts how often the reader was told something.
func (r *readOnly) wantTold(t *testing.T, want int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.told) != want {
		t.Errorf("told %d times, want %d: %q", len(r.told), want, r.told)
	}
}

// posts are the starts of exports among what was sent.
func posts(sent []string) (all []string) {
	for _, s := range sent {
		if rest, ok := strings.CutPrefix(s, "POST /docs/"); ok {
			all = append(all, strings.TrimSuffix(strings.Replace(rest, "/pages/", " ", 1), "/export"))
		}
	}
	return all
}

// twoDocs has three pages in two docs; on the first stands a table.
func twoDocs() *codatest.Workspace {
	return &codatest.Workspace{ID: "ws-1", User: codatest.Person{Name: "U", Email: "u@x.example"}, Docs: []*codatest.Doc{
		{ID: "FirstDoc01", Name: "First", Pages: []*codatest.Page{
			{ID: "canvas-Alpha", Name: "Alpha", Body: "# Alpha\n\nSome **bold** text.\n\n- one\n  - two\n"},
			{ID: "canvas-Beta", Name: "Beta", Body: "1. First\n2. Second\n\n```\na := 1\n```\n"},
		}, Tables: []*codatest.Table{{ID: "grid-Alpha-01", Name: "Things", Parent: "canvas-Alpha",
			Columns: []*codatest.Column{{ID: "c-1", Name: "Name", Format: codatest.Format{Type: "text"}}},
			Rows:    []*codatest.Row{{ID: "i-1", Cells: map[string]codatest.Value{"c-1": codatest.Text("thing")}}}}}},
		{ID: "SecondDoc2", Name: "Second", Pages: []*codatest.Page{{ID: "canvas-Gamma", Name: "Gamma", Body: "Gamma\n\n> quoted\n"}}},
	}}
}

const (
	alpha = "docs/First__FirstDoc01/pages/Alpha__canvas-Alpha.md"
	beta  = "docs/First__FirstDoc01/pages/Beta__canvas-Beta.md"
	gamma = "docs/Second__SecondDoc2/pages/Gamma__canvas-Gamma.md"
)

// inLines is the text of the pages of twoDocs as their lines give it.
var inLines = map[string]string{
	alpha: "# Alpha\n\nSome bold text.\n\n- one\n  - two\n",
	beta:  "1. First\n2. Second\n\n```\na := 1\n```\n",
	gamma: "Gamma\n\n> quoted\n",
}

// exported is the same as an export gives it.
func exported(w *codatest.Workspace) map[string]string {
	return map[string]string{
		alpha: w.Docs[0].Pages[0].Body + "\n## Things\n\n| Name |\n| --- |\n| thing |\n",
		beta:  w.Docs[0].Pages[1].Body,
		gamma: w.Docs[1].Pages[0].Body,
	}
}

func wantTexts(t *testing.T, w *treetest.Workspace, want map[string]string) {
	t.Helper()
	for path, text := range want {
		if got := read(t, w, path); got != text {
			t.Errorf("%s is %q, want %q", path, got, text)
		}
	}
}

func TestTokenThatMayOnlyReadHasPageTextFromLines(t *testing.T) {
	r := reader(t, twoDocs(), codatest.Options{}, codadocs.Selection{}, noExports)
	before := version(t, file(t, r.Workspace, gamma)) // on which no table stands
	sent := r.Sent(func() {
		if got := read(t, r.Workspace, alpha); got != inLines[alpha] {
			t.Errorf("the page is %q, want %q", got, inLines[alpha])
		}
	})
	// The second page to be tried is one of another doc: a doc may be refused as a whole.
	equal(t, "exports tried", posts(sent), []string{"FirstDoc01 canvas-Alpha", "SecondDoc2 canvas-Gamma"})
	if want := "GET /docs/FirstDoc01/pages/canvas-Alpha/content"; !slices.Contains(sent, want) {
		t.Errorf("sent %q, without %q", sent, want)
	}
	sent = r.Sent(func() {
		wantTexts(t, r.Workspace, inLines)
		index(t, r.Tree)
		wantTexts(t, r.Workspace, inLines)
	})
	equal(t, "exports tried when it was known", posts(sent), nil)
	if after := version(t, file(t, r.Workspace, gamma)); after.Key == before.Key || after.ModTime.IsZero() {
		t.Errorf("the version is %v, and was %v for the export", after, before)
	}
	r.wantTold(t, 1)
	if got := r.Tree.Failures(); len(got) != 0 {
		t.Errorf("failures: %+v", got)
	}
}

func TestIndexOfATokenThatMayOnlyReadSaysSo(t *testing.T) {
	r := reader(t, twoDocs(), codatest.Options{}, codadocs.Selection{}, noExports)
	var entries []fs.Entry
	sent := r.Sent(func() { entries = index(t, r.Tree) })
	equal(t, "exports tried", posts(sent), []string{"FirstDoc01 canvas-Alpha", "SecondDoc2 canvas-Gamma"})
	pages, notes := 0, 0
	for _, e := range entries {
		switch {
		case e.Note != "":
			notes++
			if e.Path != "" || e.Version != "" || e.Failure != nil || e.Kind != fs.KindPage || e.Note != r.told[0]+" (pages: 3)" {
				t.Errorf("note %+v", e)
			}
		case e.Kind == fs.KindPage:
			pages++
			if v := version(t, file(t, r.Workspace, e.Path)); e.Source != fs.SourceContent || e.Version != v.Key || !e.ModTime.Equal(v.ModTime) {
				t.Errorf("%+v, but the file's version is %+v", e, v)
			}
		case e.Source != "":
			t.Errorf("%s has source %s", e.Path, e.Source)
		}
	}
	if pages != 3 || notes != 1 {
		t.Errorf("%d pages and %d notes, want 3 and 1", pages, notes)
	}
	sent = r.Sent(func() {
		wantTexts(t, r.Workspace, inLines)
		if again := index(t, r.Tree); len(again) != len(entries) {
			t.Errorf("%d entries, then %d", len(entries), len(again))
		}
	})
	equal(t, "exports tried later", posts(sent), nil)
	r.wantTold(t, 1)
}

func TestIndexWithoutPagesHasNothingToNote(t *testing.T) {
	w := twoDocs()
	for _, d := range w.Docs {
		d.Pages = nil
	}
	r := reader(t, w, codatest.Options{}, codadocs.Selection{}, noExports)
	for _, e := range index(t, r.Tree) {
		if e.Note != "" {
			t.Errorf("%+v", e)
		}
	}
	r.wantTold(t, 0)
}

// Lines have nothing of the tables on their page, so an edited row is no new version of it.
func TestPageFromLinesIsNotRenewedByRows(t *testing.T) {
	r := reader(t, twoDocs(), codatest.Options{}, codadocs.Selection{}, noExports)
	wantTexts(t, r.Workspace, inLines)
	f := file(t, r.Workspace, alpha)
	before := version(t, f)
	r.State.SetCell("FirstDoc01", "grid-Alpha-01", "i-1", "c-1", codatest.Text("edited"))
	refresh(t, r.Workspace)
	if after := version(t, f); after != before {
		t.Errorf("the version is %v, was %v", after, before)
	}
	r.State.SetPageBody("FirstDoc01", "canvas-Alpha", "Other\n")
	refresh(t, r.Workspace)
	wantTexts(t, r.Workspace, map[string]string{alpha: "Other\n"})
}

// Readers that all begin before it is known find out together: each has tried an export, and one of
// them a second.
func TestManyReadersOfATokenThatMayOnlyRead(t *testing.T) {
	const readers = 16
	synctest.Test(t, func(t *testing.T) {
		w := codatest.Generate(11, 3, 20, 0, 0)
		bodies := map[string]string{}
		for _, d := range w.Docs {
			for _, p := range d.Pages {
				p.Body += "\nWith **marks**, which lines have not.\n"
				bodies[p.ID] = p.Body
			}
		}
		r := reader(t, w, codatest.Options{Latency: time.Second}, codadocs.Selection{}, noExports)
		var pages []string
		for _, p := range walked(t, r.Workspace) {
			if strings.HasSuffix(p, ".md") {
				pages = append(pages, p)
			}
		}
		got := make([]string, len(pages))
		sent := r.Sent(func() {
			var wg sync.WaitGroup
			for i := range readers {
				wg.Go(func() {
					for j := i; j < len(pages); j += readers {
						b, err := iofs.ReadFile(r.FS(t), pages[j])
						if err != nil {
							t.Error(err)
						}
						got[j] = string(b)
					}
				})
			}
			wg.Wait()
		})
		r.wantTold(t, 1)
		if n := len(posts(sent)); n != readers+1 {
			t.Errorf("%d exports were tried by %d readers, want %d", n, readers, readers+1)
		}
		for j, p := range pages {
			if !strings.HasSuffix(got[j], "\n\nWith marks, which lines have not.\n") {
				t.Errorf("%s was %q", p, got[j])
			}
		}
		// What was read from lines is nowhere taken for an export.
		r.Heal()
		r.Tree = r.tree(t, codadocs.Selection{})
		for _, e := range index(t, r.Tree) {
			if e.Kind == fs.KindPage && read(t, r.Workspace, e.Path) != bodies[e.ObjectID] {
				t.Errorf("%s is not its export", e.Path)
			}
		}
	})
}

func TestOneRefusalChangesNothingForGood(t *testing.T) {
	once := noExports
	once.Times = 1
	r := reader(t, twoDocs(), codatest.Options{}, codadocs.Selection{}, once)
	want := exported(r.State)
	if _, err := iofs.ReadFile(r.FS(t), alpha); rest.CodeOf(err) != coda.CodeExportRefused || !errors.Is(err, iofs.ErrPermission) {
		t.Errorf("the refused page: %v", err)
	}
	wantTexts(t, r.Workspace, map[string]string{beta: want[beta], gamma: want[gamma]})
	r.Clock.Advance(later)
	wantTexts(t, r.Workspace, want)
	r.wantTold(t, 0)
	for _, e := range index(t, r.Tree) {
		if e.Note != "" || e.Kind == fs.KindPage && e.Source != fs.SourceExport {
			t.Errorf("%+v", e)
		}
	}
}

func TestOneRefusalWhileIndexingChangesNothing(t *testing.T) {
	once := noExports
	once.Times = 1
	r := reader(t, twoDocs(), codatest.Options{}, codadocs.Selection{}, once)
	for _, e := range index(t, r.Tree) {
		if e.Note != "" || e.Failure != nil || e.Kind == fs.KindPage && e.Source != fs.SourceExport {
			t.Errorf("%+v", e)
		}
	}
	_, _ = iofs.ReadFile(r.FS(t), alpha) // it may fail; the index has not waited for that
	r.Clock.Advance(later)
	wantTexts(t, r.Workspace, exported(r.State))
	r.wantTold(t, 0)
}

// A second answer that is no refusal tells nothing.
func TestRefusalAndAnotherErrorChangeNothing(t *testing.T) {
	broken := noExports
	broken.Path, broken.Status = ".*/canvas-Gamma/export", http.StatusBadGateway
	r := reader(t, twoDocs(), codatest.Options{}, codadocs.Selection{}, broken, noExports)
	if _, err := iofs.ReadFile(r.FS(t), alpha); rest.CodeOf(err) != coda.CodeExportRefused {
		t.Errorf("%v", err)
	}
	r.wantTold(t, 0)
	r.Heal()
	r.Clock.Advance(later)
	wantTexts(t, r.Workspace, exported(r.State))
}

func TestRefusedPageIsItsOwnFailureWhereOthersAreExported(t *testing.T) {
	one := noExports
	one.Path = "/docs/FirstDoc01/pages/canvas-Beta/export"
	r := reader(t, twoDocs(), codatest.Options{}, codadocs.Selection{}, one)
	want := exported(r.State)
	wantTexts(t, r.Workspace, map[string]string{alpha: want[alpha]})
	sent := r.Sent(func() {
		if _, err := iofs.ReadFile(r.FS(t), beta); rest.CodeOf(err) != coda.CodeExportRefused {
			t.Errorf("%v", err)
		}
	})
	equal(t, "exports tried", posts(sent), []string{"FirstDoc01 canvas-Beta"})
	wantTexts(t, r.Workspace, map[string]string{gamma: want[gamma]})
	r.wantTold(t, 0)
	if got := r.Tree.Failures(); len(got) != 1 || got[0].Path != beta || got[0].Code != "export_refused" || got[0].HTTPStatus != 403 {
		t.Errorf("failures: %+v", got)
	}
}

// A doc whose pages are all refused, in a workspace where others are not, is that doc's own matter,
// also where it is the first to be asked.
func TestRefusedDocIsItsOwnFailureWhereOthersAreExported(t *testing.T) {
	doc := noExports
	doc.Path = "/docs/FirstDoc01/pages/.*/export"
	r := reader(t, twoDocs(), codatest.Options{}, codadocs.Selection{}, doc)
	for _, e := range index(t, r.Tree) {
		if e.Note != "" || e.Kind == fs.KindPage && e.Source != fs.SourceExport {
			t.Errorf("%+v", e)
		}
	}
	for _, p := range []string{alpha, beta} {
		if _, err := iofs.ReadFile(r.FS(t), p); rest.CodeOf(err) != coda.CodeExportRefused {
			t.Errorf("%s: %v", p, err)
		}
	}
	wantTexts(t, r.Workspace, map[string]string{gamma: inLines[gamma]})
	r.wantTold(t, 0)
}

func TestOnlyPageIsTriedTwice(t *testing.T) {
	w := twoDocs()
	w.Docs = w.Docs[1:]
	r := reader(t, w, codatest.Options{}, codadocs.Selection{}, noExports)
	sent := r.Sent(func() { wantTexts(t, r.Workspace, map[string]string{gamma: inLines[gamma]}) })
	equal(t, "exports tried", posts(sent), []string{"SecondDoc2 canvas-Gamma", "SecondDoc2 canvas-Gamma"})
	r.wantTold(t, 1)
}

func TestHTMLNeedsExports(t *testing.T) {
	r := reader(t, twoDocs(), codatest.Options{}, codadocs.Selection{HTMLPages: true}, noExports)
	tryExport(t, r.Workspace)
	html := strings.TrimSuffix(alpha, ".md") + ".html"
	sent := r.Sent(func() {
		if _, err := iofs.ReadFile(r.FS(t), html); !errors.Is(err, iofs.ErrPermission) {
			t.Errorf("%v", err)
		}
	})
	equal(t, "sent", sent, []string{})
	if got := r.Tree.Failures(); len(got) != 1 || got[0].Path != html || got[0].Code != "export_refused" || got[0].Kind != fs.KindPageHTML {
		t.Errorf("failures: %+v", got)
	}
	wantTexts(t, r.Workspace, inLines)
}

// Lines that fail are the page's failure; nothing of them is kept.
func TestFailingLinesCostTheirPage(t *testing.T) {
	r := reader(t, twoDocs(), codatest.Options{}, codadocs.Selection{}, noExports, codatest.Fault{Path: ".*/canvas-Beta/content", Status: http.StatusInternalServerError, Times: 1})
	if _, err := iofs.ReadFile(r.FS(t), beta); rest.CodeOf(err) != rest.CodeServerError {
		t.Errorf("%v", err)
	}
	wantTexts(t, r.Workspace, map[string]string{alpha: inLines[alpha]})
	r.Clock.Advance(later)
	wantTexts(t, r.Workspace, inLines)
}

// An index reads no content, but for one page's where it is not known how page text is got.
func TestIndexTriesOneExportAtMost(t *testing.T) {
	r := reader(t, twoDocs(), codatest.Options{}, codadocs.Selection{})
	exports := func() []string { return posts(r.Sent(func() { index(t, r.Tree) })) }
	equal(t, "at first", exports(), []string{"FirstDoc01 canvas-Alpha"})
	equal(t, "when it is known", exports(), nil)
	if _, err := iofs.ReadFile(r.FS(t), alpha); err != nil { // it is had when the export ends
		t.Fatal(err)
	}
	r.Tree = r.tree(t, codadocs.Selection{})
	equal(t, "by another tree, which goes on to a page not at hand", exports(), []string{"FirstDoc01 canvas-Beta"})
	wantTexts(t, r.Workspace, exported(r.State))
	r.Tree = r.tree(t, codadocs.Selection{})
	equal(t, "with all pages at hand", exports(), nil)
}
