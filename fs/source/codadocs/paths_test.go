package codadocs_test

import (
	"cmp"
	"fmt"
	iofs "io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// The names below are worked out by hand from the rules for names.
func TestSampleIsAtItsPaths(t *testing.T) {
	all := walked(t, sample(t, codadocs.Selection{}))
	for _, p := range []string{
		hub + "doc.json", hub + "pages.json", hub + "tables.json",
		pageStatus,
		hub + "pages/Meeting notes__canvas-Notes-2026.md",
		hub + "pages/Meeting notes__canvas-Notes-2026/2026-03-17 Go _ no-go__canvas-Gonogo-317.md",
		hub + "pages/Meeting notes__canvas-Notes-2026/2026-03-17 Go _ no-go__canvas-Gonogo-317/The ten likeliest questions__canvas-TenQuest_s.md",
		hub + "pages/Design board (Figma)__canvas-FigmaBoard.page.json",
		hub + "pages/Größe zeigen — 発売計画 🚀__canvas-Groesse-_z.md",
		hub + "pages/Archive_ old positioning__canvas-OldPosit25.md",
		hub + "pages/Archive_ old positioning__canvas-OldPosit25/Old taglines__canvas-OldTagline.md",
		hubRoadmap + ".csv", hubRoadmap + ".columns.json", hubRoadmap + ".table.json",
		hubAtRisk + ".csv", hubAtRisk + ".columns.json", hubAtRisk + ".table.json",
		"docs/Customer Research — Frühjahr 2026__Rs_ch26-Kq/pages/Read me first__canvas-Rsrch-2026/Solberg & Sønner__canvas-Solberg219.md",
		"docs/Team Handbook__TmHndBk_-1/pages/Launch plan (synced)__canvas-Sync_Plan0.page.json",
	} {
		has(t, all, p)
	}
	hasNot(t, all, "Sh4red-d0c") // somebody else's
	hasNot(t, all, pageStatus[:len(pageStatus)-len(".md")]+"/")
	hasNot(t, all, "Team Handbook__TmHndBk_-1/tables/view")
}

func TestFoldersAreInTheOrderOfTheService(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	for p, want := range map[string][]string{
		".":                  {"docs"},
		"docs":               {"Product Launch Hub__AbCdE-fgH1", "Customer Research — Frühjahr 2026__Rs_ch26-Kq", "Team Handbook__TmHndBk_-1"},
		hub[:len(hub)-1]:     docNames,
		hub + "tables":       {"table", "view"},
		hub + "tables/table": append(append(three("Roadmap__Roadmap__grid-Rm4_pq-T2x"), three("People__People__grid-Ppl-0aB_cd9")...), three("OKRs__OKRs__grid-_OKRs1stHf")...),
	} {
		nodes, err := folder(t, w, p).Entries(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range nodes {
			got = append(got, n.Name())
		}
		equal(t, p, got, want)
	}
}

func three(stem string) []string {
	return []string{stem + ".csv", stem + ".columns.json", stem + ".table.json"}
}

func TestHostileIsAtItsPaths(t *testing.T) {
	w := treetest.New(t, codatest.Hostile(), treetest.Options{})
	all := walked(t, w)
	const titles, tree, tables = "docs/Hostile titles _ .. _ CON__T1tles-_x1/pages/", "docs/____Tr3e-_Evil/pages/",
		"docs/Hostile tables_ _quotes_, commas_and lines__T4bles_-_x/tables/"
	for title, stem := range map[string]string{
		"": "Untitled", " ": "Untitled", ".": "_", "..": "__", "...": "___", "/": "_", "a/b": "a_b", "../../../tmp/escape": "___.._.._tmp_escape",
		"-rf": "_rf", "--help": "__help", ".hidden": "_hidden", "CON": "CON_", "con": "con_", "nul.txt": "nul_.txt", "COM1.tar.gz": "COM1_.tar.gz",
		"LPT9 ": "LPT9_", "trailing dot.": "trailing dot", "trailing space ": "trailing space", `<>:"/\|?*%`: "_", "%2e%2e%2f": "_2e_2e_2f",
		"cafe\u0301": "café", "two\nlines": "two_lines", "rtl \u202egnp.exe": "rtl gnp.exe", "\u200bleading zero width": "leading zero width",
		"name.md": "name.md", strings.Repeat("長", 300): strings.Repeat("長", 26), "\u00a0nbsp\u00a0": "\u00a0nbsp\u00a0",
	} {
		pages := w.State.Docs[0].Pages
		i := slices.IndexFunc(pages, func(p *codatest.Page) bool { return p.Name == title && p.Parent == "" })
		has(t, all, titles+stem+"__"+pages[i].ID+".md")
	}
	for _, p := range []string{
		"docs/Untitled__-_leading1/doc.json",
		"docs/No pages, no tables__Emp__ty-00/tables.json",
		// SHA-256 of "CaseTwin-a" begins with 39121b, of "CaseTwin-A" with 6dc457, and so on.
		"docs/Twins__CaseTwin-a~39121b/pages/In a__canvas-TwinPage01.md",
		"docs/Twins__CaseTwin-A~6dc457/pages/In A__canvas-TwinPage01.md",
		titles + "Case twin__canvas-cAsEtWiN01~d7747e.md",
		titles + "Case twin__canvas-cAsEtWiN01~d7747e/Sub__canvas-cAsEtWiN01-s.md",
		tree + "A page of type embed__canvas-Not-embed-1.page.json",
		tree + "A page of type embed__canvas-Not-embed-1/Below an embed__canvas-Embed-Sub1.md",
		tree + "A page of type syncPage__canvas-Not-syncPage-1.page.json",
		tree + "A page of type table__canvas-Not-table-1.page.json",
		tree + "A page of type whiteboard__canvas-Not-whiteboard-1.page.json",
		tree + "Hidden__canvas-Hidden-_01/Below hidden__canvas-Hidden-_02.md",
		tree + "My parent is missing__canvas-Orphan-_01.md",
		tree + "Circle A__canvas-Circle-__A.md", tree + "Circle B__canvas-Circle-__B.md", tree + "My own parent__canvas-Circle-Own.md",
		tree + "Level 1__canvas-Deep-00-_x/Level 2__canvas-Deep-01-_x/Level 3__canvas-Deep-02-_x.md",
		tables + "table/Tables _ _all_ of them__Every type__grid-EveryType1.csv",
		tables + "view/Tables _ _all_ of them__View _ of__table--View_01.table.json",
		tables + "table/On no page__grid-Orphan-_1.csv", tables + "table/On a page that is gone__grid-Orphan-_2.csv",
		tables + "table/Tables _ _all_ of them__Case twin__grid-caseTwin01~5e370e.csv",
		tables + "table/Tables _ _all_ of them__Case twin__grid-CASEtWIN01~96b6c1.columns.json",
		tables + "table/Tables _ _all_ of them__" + strings.Repeat("長", 26) + "__grid-Names-_07.csv",
	} {
		has(t, all, p)
	}
	for _, p := range []string{
		"Emp__ty-00/pages/", "Emp__ty-00/tables/", "Circle-__A/", "Circle-Own/", "Deep-19-_x/", "Sh4red",
	} {
		hasNot(t, all, p)
	}
	if i := slices.IndexFunc(all, func(p string) bool { return strings.HasSuffix(p, "Emp__ty-00/pages") }); i >= 0 {
		t.Error("an empty folder:", all[i])
	}
}

// Every object of the service has its files, each in one place, and there is nothing else.
func TestTreeIsTheWorkspaceAndNothingElse(t *testing.T) {
	for name, make := range map[string]func() *codatest.Workspace{"sample": codatest.Sample, "hostile": codatest.Hostile} {
		for _, mode := range []fs.NameMode{fs.NamesID, fs.NamesTitle} {
			t.Run(name+" "+string(mode), func(t *testing.T) {
				w := treetest.New(t, make(), treetest.Options{Select: codadocs.Selection{Names: mode, HTMLPages: true, RowsJSON: true}})
				var want, got, files []string
				for _, d := range w.State.Docs {
					if d.Owner == (codatest.Person{}) {
						want = append(want, objects(d)...)
					}
				}
				for _, e := range index(t, w.Tree) {
					got = append(got, fmt.Sprint(e.Kind, " ", e.DocID, " ", e.ObjectID))
					files = append(files, e.Path)
					if mode == fs.NamesID && e.DocID != e.ObjectID && !strings.Contains(path.Base(e.Path), "__"+e.ObjectID) {
						t.Errorf("%s of %s", e.Path, e.ObjectID)
					}
				}
				slices.Sort(want)
				slices.Sort(got)
				equal(t, "objects", got, want)
				all := walked(t, w)
				for _, p := range all {
					if node, err := fs.Walk(t.Context(), w.Tree.Root(), p); err != nil {
						t.Error(err)
					} else if _, ok := node.(fs.File); ok != slices.Contains(files, p) {
						t.Errorf("%q: a file to one of index and walk alone", p)
					}
				}
				for _, p := range files {
					has(t, all, p)
				}
			})
		}
	}
}

// objects names the files that a doc should have.
func objects(d *codatest.Doc) (all []string) {
	add := func(id string, kinds ...fs.Kind) {
		for _, k := range kinds {
			all = append(all, fmt.Sprint(k, " ", d.ID, " ", id))
		}
	}
	add(d.ID, fs.KindDoc, fs.KindPages, fs.KindTables, fs.KindFormulas, fs.KindControls, fs.KindPermissions)
	for _, p := range d.Pages {
		if cmp.Or(p.Type, "canvas") == "canvas" {
			add(p.ID, fs.KindPage, fs.KindPageHTML)
		} else {
			add(p.ID, fs.KindPageJSON)
		}
	}
	for _, x := range d.Tables {
		add(x.ID, fs.KindTable, fs.KindColumns, fs.KindRows, fs.KindRowsJSON)
	}
	return all
}

func TestSubpagesStandBesideTheirPage(t *testing.T) {
	w := treetest.New(t, codatest.Hostile(), treetest.Options{})
	place := map[string]string{} // path without ending by page id
	for _, e := range index(t, w.Tree) {
		if e.Kind == fs.KindPage || e.Kind == fs.KindPageJSON {
			place[e.DocID+e.ObjectID] = strings.TrimSuffix(strings.TrimSuffix(e.Path, ".md"), ".page.json")
		}
	}
	for _, d := range w.State.Docs {
		for _, p := range d.Pages {
			parent := place[d.ID+p.Parent]
			if strings.Contains(p.ID, "Circle") {
				parent = ""
			}
			if at := path.Dir(place[d.ID+p.ID]); parent != "" && at != parent {
				t.Errorf("%q is not below %q", at, parent)
			} else if parent == "" && place[d.ID+p.ID] != "" && path.Base(at) != "pages" {
				t.Errorf("%q is not at the top", at)
			}
		}
	}
}

func TestNamesByTitleHaveIDsWhereTheyClash(t *testing.T) {
	w := sample(t, codadocs.Selection{Names: fs.NamesTitle})
	w.State.AddPage(codatest.SampleDoc, &codatest.Page{ID: "canvas-Second-001", Name: "people", Body: "x\n"})
	all := walked(t, w)
	for _, p := range []string{
		"docs/Product Launch Hub/pages/Launch status.md",
		"docs/Product Launch Hub/pages/Meeting notes/2026-03-17 Go _ no-go/The ten likeliest questions.md",
		"docs/Product Launch Hub/tables/table/Roadmap__Roadmap.csv",
		"docs/Product Launch Hub/pages/People__canvas-People_abc.md",
		"docs/Product Launch Hub/pages/people__canvas-Second-001.md",
	} {
		has(t, all, p)
	}
}

func TestFlagsChooseFiles(t *testing.T) {
	t.Run("hidden pages", func(t *testing.T) {
		w := treetest.New(t, codatest.Hostile(), treetest.Options{Select: codadocs.Selection{SkipHiddenPages: true}})
		all := walked(t, w)
		hasNot(t, all, "canvas-Hidden-_0")
		hasNot(t, all, "canvas-TblHidden0")
		has(t, all, "docs/Hostile tables_ _quotes_, commas_and lines__T4bles_-_x/tables/table/Hidden page with a table__On a hidden page__grid-OnHidden0.csv")
		if list := read(t, w, "docs/____Tr3e-_Evil/pages.json"); !strings.Contains(list, `"canvas-Hidden-_02"`) {
			t.Error("pages.json is not the full list")
		}
	})
	t.Run("no views", func(t *testing.T) {
		w := sample(t, codadocs.Selection{NoViews: true})
		all := walked(t, w)
		hasNot(t, all, "/view")
		has(t, all, hubRoadmap+".csv")
		if list := read(t, w, hub+"tables.json"); !strings.Contains(list, `"table--AtRisk-_1"`) {
			t.Error("tables.json is not the full list")
		}
	})
	t.Run("html and rows", func(t *testing.T) {
		all := walked(t, sample(t, codadocs.Selection{HTMLPages: true, RowsJSON: true}))
		has(t, all, strings.TrimSuffix(pagePlan, ".md")+".html")
		has(t, all, hubAtRisk+".rows.jsonl")
		hasNot(t, all, "canvas-FigmaBoard.html")
		all = walked(t, sample(t, codadocs.Selection{}))
		hasNot(t, all, ".html")
		hasNot(t, all, ".rows.jsonl")
	})
}

func TestTableOfAnUnknownTypeIsATable(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	list := `{"items":[{"id":"grid-Strange-01","type":"table","tableType":"matrix","name":"Strange","parent":null}]}`
	w.Fail(codatest.Fault{Path: hubPath + "/tables", Status: 200, Body: list})
	nodes, err := folder(t, w, hub+"tables").Entries(t.Context())
	if err != nil || len(nodes) != 1 || nodes[0].Name() != "table" {
		t.Fatalf("tables/ has %v (%v)", nodes, err)
	}
	has(t, base(walked(t, w)), "Strange__grid-Strange-01.csv")
}

// Ids that are no names are left out, and named.
func TestHostileIDsAreLeftOutAndNamed(t *testing.T) {
	w := treetest.New(t, &codatest.Workspace{
		ID: "ws-1", User: codatest.Person{Name: "U", Email: "u@x.example"},
		Docs: []*codatest.Doc{
			{ID: "../../evil", Name: "climbs"},
			{ID: "GoodDoc001", Name: "Good", Pages: []*codatest.Page{
				{ID: "canvas-Good-00001", Name: "good", Body: "x\n"},
				{ID: "a/../../b", Name: "slashes"},
				{ID: "", Name: "nothing"},
				{ID: strings.Repeat("x", 129), Name: "long"},
				{ID: "canvas-Below-0001", Name: "below", Parent: "a/../../b", Body: "y\n"},
			}, Tables: []*codatest.Table{{ID: "..", Name: "up"}, {ID: "grid\n1", Name: "line"}}},
		},
	}, treetest.Options{})
	var got []string
	for _, e := range failures(index(t, w.Tree)) {
		if e.Path != "" || e.Failure.Code != fs.CodeBadID || e.ObjectID != e.Failure.ObjectID {
			t.Errorf("%+v", e)
		}
		got = append(got, fmt.Sprintf("%s %q", e.Kind, e.ObjectID))
	}
	slices.Sort(got)
	want := []string{`doc "../../evil"`, `page ""`, `page "` + strings.Repeat("x", 129) + `"`, `page "a/../../b"`, `table ".."`, `table "grid\n1"`}
	slices.Sort(want)
	equal(t, "left out", got, want)
	equal(t, "the rest", walked(t, w), []string{
		"docs/Good__GoodDoc001", "docs/Good__GoodDoc001/controls.json", "docs/Good__GoodDoc001/doc.json", "docs/Good__GoodDoc001/formulas.json", "docs/Good__GoodDoc001/pages",
		"docs/Good__GoodDoc001/pages/below__canvas-Below-0001.md", "docs/Good__GoodDoc001/pages/good__canvas-Good-00001.md",
		"docs/Good__GoodDoc001/pages.json", "docs/Good__GoodDoc001/permissions.json", "docs/Good__GoodDoc001/tables.json",
	})
}

func TestObjectsListedTwiceAreThereOnce(t *testing.T) {
	state := codatest.Sample()
	d := state.Docs[0]
	plain := len(walked(t, treetest.New(t, codatest.Sample(), treetest.Options{})))
	d.Pages, d.Tables = append(d.Pages, d.Pages[1]), append(d.Tables, d.Tables[0])
	state.Docs = append(state.Docs, d)
	w := treetest.New(t, state, treetest.Options{})
	if n := len(walked(t, w)); n != plain {
		t.Errorf("%d paths, want %d", n, plain)
	}
}

func TestTreePassesFSTest(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	if err := fstest.TestFS(w.FS(t), hubRoadmap+".csv", pagePlan); err != nil {
		t.Error(err)
	}
	if _, err := iofs.Stat(w.FS(t), ".codafs/status.json"); err != nil {
		t.Error(err)
	}
}
