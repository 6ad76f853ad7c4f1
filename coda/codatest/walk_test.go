package codatest_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/codatest/openapitest"
)

var workspaces = map[string]func() *codatest.Workspace{
	"sample":    codatest.Sample,
	"hostile":   codatest.Hostile,
	"pictures":  codatest.Pictures,
	"generated": func() *codatest.Workspace { return codatest.Generate(7, 2, 12, 2, 30) },
}

// Every endpoint is read for every object of each workspace, with pages of two and of the
// service's size. All answers are checked against the OpenAPI file on the way, and both
// page sizes must list the same.
func TestEveryEndpointAnswersAsTheFileSays(t *testing.T) {
	openapitest.Need(t)
	for name, workspace := range workspaces {
		t.Run(name, func(t *testing.T) {
			small := inMemory(t, workspace(), codatest.Options{PageSize: 2}).walk()
			both(t, workspace, codatest.Options{}, func(t *testing.T, p *peer) {
				large := p.walk()
				if !slices.Equal(large, small) {
					t.Errorf("%d objects listed in large pages, %d in small ones", len(large), len(small))
				}
			})
		})
	}
}

// walk reads everything and gives the ids it met.
func (p *peer) walk() []string {
	var met []string
	list := func(path string, each func(id string)) {
		listed := ids(p.all(path))
		met = append(met, path)
		met = append(met, listed...)
		for _, id := range listed {
			if each != nil {
				each(id)
			}
		}
	}
	get := func(parent string) func(string) { return func(id string) { p.get(parent + "/" + id) } }
	p.get("/whoami")
	list("/folders", get("/folders"))
	list("/docs", func(doc string) {
		d := "/docs/" + doc
		p.get(d)
		p.get(d + "/acl/metadata")
		p.get("/resolveBrowserLink?url=https://coda.io/d/Some-Doc_d" + doc)
		list(d+"/acl/permissions", nil)
		list(d+"/formulas", get(d+"/formulas"))
		list(d+"/controls", get(d+"/controls"))
		list(d+"/pages", func(page string) { p.walkPage(d+"/pages/"+page, list) })
		list(d+"/tables?sortBy=name", func(table string) {
			t := d + "/tables/" + table
			p.get(t)
			list(t+"/columns", get(t+"/columns"))
			list(t+"/rows?valueFormat=rich&visibleOnly=true", nil)
			list(t+"/rows?valueFormat=simpleWithArrays&sortBy=natural", nil)
			list(t+"/rows?useColumnNames=true", get(t+"/rows"))
		})
	})
	return met
}

func (p *peer) walkPage(path string, list func(string, func(string))) {
	page := p.get(path)
	if page.string("name") != "A very long page" { // it has 40,000 lines
		list(path+"/content?limit=500", nil)
	}
	status, body := p.text("POST", path+"/export", `{"outputFormat":"html"}`)
	if page.string("contentType") != "canvas" {
		if status != http.StatusBadRequest || p.decode(body).string("message") != "Only canvas pages can be exported" {
			p.t.Errorf("%s: %d %s", path, status, body)
		}
		return
	}
	done := p.get(p.decode(body).string("href"))
	if done.string("status") != "complete" {
		p.t.Errorf("%s: %v", path, done)
	}
	if status, _ := p.text("GET", done.string("downloadLink"), "", "Authorization", ""); status != http.StatusOK {
		p.t.Errorf("download of %s: %d", path, status)
	}
}

func TestListsAreCutSilentlyAndLinksGoOn(t *testing.T) {
	w := codatest.Generate(1, 1, 230, 1, 510)
	d := w.Docs[0]
	d.Tables = append(d.Tables, wideTable(120))
	both(t, func() *codatest.Workspace { return w }, codatest.Options{}, func(t *testing.T, p *peer) {
		doc := "/docs/" + d.ID
		for _, c := range []struct {
			url  string
			want int
		}{
			{doc + "/pages?limit=25", 25},
			{doc + "/pages?limit=1000", 200},
			{doc + "/tables/" + d.Tables[0].ID + "/rows?limit=1000", 500},
			{doc + "/tables/grid-Wide000000/columns?visibleOnly=false", 25},
			{doc + "/tables/grid-Wide000000/columns?limit=100", 100},
		} {
			page := p.get(c.url)
			var items []object
			mustUnmarshal(t, page["items"], &items)
			if len(items) != c.want {
				t.Errorf("%s: %d items, want %d", c.url, len(items), c.want)
			}
			if page.string("href") != p.base+c.url {
				t.Errorf("href %s", page["href"])
			}
			rest := p.all(page.string("nextPageLink"))
			if first := p.get(c.url + "&pageToken=" + page.string("nextPageToken")); ids(rest)[0] != firstID(t, first) {
				t.Errorf("%s: what is sent beside a pageToken counts", c.url)
			}
		}
		p.refused("GET", doc+"/pages?pageToken=garbage", "", http.StatusBadRequest, "Invalid pageToken.")
	})
}

func wideTable(n int) *codatest.Table {
	t := &codatest.Table{ID: "grid-Wide000000", Name: "Wide"}
	for i := range n {
		t.Columns = append(t.Columns, &codatest.Column{
			ID: fmt.Sprintf("c-wide-%03d", i), Name: fmt.Sprint(i), Format: codatest.Format{Type: "text"},
		})
	}
	return t
}

func TestDocsAreFilteredAndNewestEventComesFirst(t *testing.T) {
	w := codatest.Sample()
	w.AddDoc(&codatest.Doc{ID: "NeverSeen0", Name: "Never opened", NeverOpened: true})
	p := inMemory(t, w, codatest.Options{})
	const hub, research, handbook, shared = codatest.SampleDoc, "Rs_ch26-Kq", "TmHndBk_-1", "Sh4red-d0c"
	for query, want := range map[string][]string{
		"":                         {hub, research, shared, handbook},
		"isOwner=true":             {hub, research, handbook},
		"isOwner=false":            {hub, research, shared, handbook},
		"isStarred=true":           {hub},
		"isStarred=false":          {research, shared, handbook},
		"isPublished=true":         {handbook},
		"inGallery=true":           nil,
		"query=LAUNCH":             {hub},
		"folderId=fl-_Launch26x":   {hub, shared},
		"workspaceId=ws-elsewhere": nil,
		"sourceDoc=" + hub:         nil,
	} {
		if got := ids(p.all("/docs?" + query)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	p.get("/docs/NeverSeen0")
	w.Touch(handbook)
	if got := ids(p.all("/docs")); got[0] != handbook {
		t.Errorf("after viewing the handbook: %v", got)
	}
}
