package codadocs_test

import (
	"errors"
	iofs "io/fs"
	"slices"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// docFolders gives the folders in docs/.
func docFolders(t *testing.T, w *treetest.Workspace) []string {
	t.Helper()
	nodes, err := folder(t, w, "docs").Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name())
	}
	return names
}

const (
	hubFolder      = "Product Launch Hub__AbCdE-fgH1"
	researchFolder = "Customer Research — Frühjahr 2026__Rs_ch26-Kq"
	bookFolder     = "Team Handbook__TmHndBk_-1"
	sharedFolder   = "Company All-Hands__Sh4red-d0c"
)

func TestSelectionChoosesDocs(t *testing.T) {
	for why, c := range map[string]struct {
		sel  codadocs.Selection
		want []string
		sent []string
	}{
		"owned docs": {codadocs.Selection{}, []string{hubFolder, researchFolder, bookFolder}, []string{"GET /docs"}},
		"shared ones too": {codadocs.Selection{IncludeShared: true},
			[]string{hubFolder, researchFolder, sharedFolder, bookFolder}, []string{"GET /docs"}},
		"by id": {codadocs.Selection{Docs: []string{"TmHndBk_-1", codatest.SampleDoc}},
			[]string{bookFolder, hubFolder}, []string{"GET /docs/AbCdE-fgH1", "GET /docs/TmHndBk_-1"}},
		"by id, though it is another's": {codadocs.Selection{Docs: []string{"Sh4red-d0c"}}, []string{sharedFolder}, []string{"GET /docs/Sh4red-d0c"}},
		"by link": {codadocs.Selection{Docs: []string{"https://coda.io/d/Team_dHandbook_dTmHndBk_-1/Welcome_suabc#x"}},
			[]string{bookFolder}, []string{"GET /docs/TmHndBk_-1"}},
		"by the twin's link": {codadocs.Selection{Docs: []string{"https://docs.superhuman.com/d/_dTmHndBk_-1"}},
			[]string{bookFolder}, []string{"GET /docs/TmHndBk_-1"}},
		"by name": {codadocs.Selection{Docs: []string{"Team Handbook", "Customer Research — Frühjahr 2026"}},
			[]string{bookFolder, researchFolder}, []string{"GET /docs"}},
		"the same doc twice": {codadocs.Selection{Docs: []string{"Team Handbook", "TmHndBk_-1"}},
			[]string{bookFolder}, []string{"GET /docs", "GET /docs/TmHndBk_-1"}},
		"one that is not there": {codadocs.Selection{Docs: []string{"no such doc", "TmHndBk_-1"}},
			[]string{bookFolder}, []string{"GET /docs", "GET /docs/TmHndBk_-1"}},
		"all but one by id":   {codadocs.Selection{ExcludeDocs: []string{codatest.SampleDoc}}, []string{researchFolder, bookFolder}, []string{"GET /docs"}},
		"all but one by name": {codadocs.Selection{ExcludeDocs: []string{"Team Handbook"}}, []string{hubFolder, researchFolder}, []string{"GET /docs"}},
		"all but one by link": {codadocs.Selection{ExcludeDocs: []string{"https://coda.io/d/X_dAbCdE-fgH1"}}, []string{researchFolder, bookFolder}, []string{"GET /docs"}},
		"all but all":         {codadocs.Selection{Docs: []string{"Team Handbook"}, ExcludeDocs: []string{"TmHndBk_-1"}}, nil, []string{"GET /docs"}},
		"of a workspace":      {codadocs.Selection{WorkspaceID: "ws-elsewhere"}, nil, []string{"GET /docs"}},
	} {
		w := sample(t, c.sel)
		var got []string
		sent := w.Sent(func() { got = docFolders(t, w) })
		equal(t, why, got, c.want)
		equal(t, why+": sent", sent, c.sent)
	}
}

// A doc may be named like an id.
func TestNameThatLooksLikeAnID(t *testing.T) {
	w := treetest.New(t, codatest.Sample(), treetest.Options{Select: codadocs.Selection{Docs: []string{"Roadmap"}}})
	w.State.RenameDoc("TmHndBk_-1", "Roadmap")
	equal(t, "docs", docFolders(t, w), []string{"Roadmap__TmHndBk_-1"})
	w.State.AddDoc(&codatest.Doc{ID: "SecondRoad", Name: "Roadmap"})
	refresh(t, w)
	if got := docFolders(t, w); len(got) != 2 {
		t.Errorf("two docs have that name: %q", got)
	}
}

func TestDocThatIsNotFoundIsAGap(t *testing.T) {
	w := sample(t, codadocs.Selection{Docs: []string{"https://coda.io/d/_dNoSuchDoc0", "no such name", "TmHndBk_-1"}})
	var ids, codes []string
	for _, e := range failures(index(t, w.Tree)) {
		ids, codes = append(ids, e.ObjectID), append(codes, e.Failure.Code)
		if e.Kind != fs.KindDoc || e.Path != "" {
			t.Errorf("%+v", e)
		}
	}
	equal(t, "gaps", ids, []string{"https://coda.io/d/_dNoSuchDoc0", "no such name"})
	equal(t, "codes", codes, []string{"not_found", "not_found"})
}

func TestSelectionOfNothingIsAnError(t *testing.T) {
	w := sample(t, codadocs.Selection{Docs: []string{"no such doc"}})
	_, err := folder(t, w, "docs").Entries(t.Context())
	if e, ok := errors.AsType[*codadocs.NoDocError](err); !ok || e.Selector != "no such doc" || !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	// What cannot be asked for is not "not there".
	w = sample(t, codadocs.Selection{Docs: []string{"TmHndBk_-1"}})
	w.Fail(codatest.Fault{Path: "/docs/TmHndBk_-1", Status: 503})
	if err := w.Tree.Refresh(t.Context()); errors.Is(err, iofs.ErrNotExist) || rest.CodeOf(err) != rest.CodeServerError {
		t.Errorf("%v", err)
	}
}

// A token for one doc gets a 403 for the list of docs.
func TestTokenForOneDocNeedsNoList(t *testing.T) {
	w := sample(t, codadocs.Selection{Docs: []string{codatest.SampleDoc}})
	w.Fail(codatest.Fault{Path: "/docs", Status: 403})
	has(t, walked(t, w), pagePlan)
	if gaps := failures(index(t, w.Tree)); len(gaps) != 0 {
		t.Errorf("%+v", gaps)
	}
	w = sample(t, codadocs.Selection{})
	w.Fail(codatest.Fault{Path: "/docs", Status: 403})
	if _, err := folder(t, w, "docs").Entries(t.Context()); !errors.Is(err, iofs.ErrPermission) {
		t.Errorf("without --doc: %v", err)
	}
	// For another doc it gets one too, and then the list cannot tell more.
	w = sample(t, codadocs.Selection{Docs: []string{"TmHndBk_-1"}})
	w.Fail(codatest.Fault{Path: "/docs(/.*)?", Status: 403})
	if err := w.Tree.Refresh(t.Context()); !errors.Is(err, iofs.ErrPermission) || !slices.Contains(requested(w), "GET /docs/TmHndBk_-1") {
		t.Errorf("%v", err)
	}
}

func requested(w *treetest.Workspace) (all []string) {
	for _, r := range w.Requests() {
		all = append(all, r.Method+" "+r.Path)
	}
	return all
}

// A doc that does not answer now was there a minute ago: it stays.
func TestSelectedDocThatDoesNotAnswerStays(t *testing.T) {
	w := sample(t, codadocs.Selection{Docs: []string{codatest.SampleDoc, "Team Handbook"}})
	docFolders(t, w)
	w.Fail(codatest.Fault{Path: hubPath, Status: 502})
	w.State.RenameDoc("TmHndBk_-1", "Handbook")
	w.Tree.Refresh(t.Context())
	equal(t, "the other was not found by its name", docFolders(t, w), []string{hubFolder, bookFolder})
	w.State.RenameDoc("TmHndBk_-1", "Team Handbook")
	refresh(t, w)
	equal(t, "the other was found", docFolders(t, w), []string{hubFolder, bookFolder})
	w.Heal()
	w.State.RemoveDoc(codatest.SampleDoc)
	refresh(t, w)
	equal(t, "one is gone for good", docFolders(t, w), []string{bookFolder})
}
