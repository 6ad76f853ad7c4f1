package codatest_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/codatest/openapitest"
)

// recorded reads a file of recorded answers of the real service. They are no part of this
// repository: CODAFS_RECORDED names their folder, else it is looked for beside the OpenAPI file.
func recorded(t *testing.T, name string) map[string]json.RawMessage {
	t.Helper()
	dir := os.Getenv("CODAFS_RECORDED")
	if dir == "" {
		openapitest.Need(t)
		dir = filepath.Join(filepath.Dir(os.Getenv(openapitest.Variable)), "recorded")
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	mustUnmarshal(t, b, &all)
	return all
}

func keys(o object) []string { return slices.Sorted(maps.Keys(o)) }

// The stand-in's objects have exactly the fields that recorded ones have.
func TestObjectsHaveTheFieldsOfRecordedOnes(t *testing.T) {
	all := recorded(t, "rest-gasfakes-2026-09-14.json")
	var doc object
	var pages, tables []object
	mustUnmarshal(t, all["GET /docs item"], &doc)
	mustUnmarshal(t, all["GET /docs/{docId}/pages items"], &pages)
	mustUnmarshal(t, all["GET /docs/{docId}/tables items"], &tables)

	p := inMemory(t, codatest.Sample(), codatest.Options{})
	mine := p.get("/docs/TmHndBk_-1") // no icon and no source, as the recorded one, but published
	delete(mine, "published")
	page := p.get("/docs/TmHndBk_-1/pages/canvas-HowDecide1")
	table := p.all("/docs/TmHndBk_-1/tables")[0]
	for name, pair := range map[string][2]object{
		"doc": {mine, doc}, "docSize": {mine.object("docSize"), doc.object("docSize")},
		"folder": {mine.object("folder"), doc.object("folder")}, "workspace": {mine.object("workspace"), doc.object("workspace")},
		"page": {page, pages[1]}, "person": {page.object("createdBy"), pages[1].object("createdBy")},
		"table": {table, tables[0]}, "page reference": {table.object("parent"), tables[0].object("parent")},
	} {
		if got, want := keys(pair[0]), keys(pair[1]); !slices.Equal(got, want) {
			t.Errorf("%s has %v, recorded is %v", name, got, want)
		}
	}
}

// Errors have the texts that were recorded.
func TestErrorsReadAsRecorded(t *testing.T) {
	var exchanges []struct {
		Request string
		Headers map[string]string `json:"requestHeaders"`
		Status  int
		Body    json.RawMessage
	}
	mustUnmarshal(t, recorded(t, "rest-probes-mikeohyan-2026-09.json")["exchanges"], &exchanges)
	p := inMemory(t, codatest.Sample(), codatest.Options{})
	seen := 0
	for _, e := range exchanges {
		var path string
		var header []string
		switch {
		case e.Status == 400 && e.Headers["X-Coda-Doc-Version"] != "":
			path, header = "/docs/"+codatest.SampleDoc+"/tables", []string{"X-Coda-Doc-Version", "12345"}
		case e.Request == "GET /docs/6vqpBu-VYd/tables/grid-PH5-RNMCB1/rows?sortBy=natural&visibleOnly=false":
			path = roadmap + "/rows?sortBy=natural&visibleOnly=false"
		case e.Request == "GET rows?syncToken=NOT_A_TOKEN":
			path = roadmap + "/rows?syncToken=NOT_A_TOKEN"
		default:
			continue
		}
		seen++
		status, body := p.text("GET", path, "", header...)
		var got, want any
		mustUnmarshal(t, []byte(body), &got)
		mustUnmarshal(t, e.Body, &want)
		if status != e.Status || !jsonEqual(got, want) {
			t.Errorf("%s: %d %s, recorded %d %s", path, status, body, e.Status, e.Body)
		}
	}
	if seen != 3 {
		t.Errorf("%d of 3 recorded errors found", seen)
	}
}

// Column formats have the keys that real columns of their type have.
func TestColumnFormatsHaveTheKeysOfRecordedOnes(t *testing.T) {
	var tables []struct {
		Columns []struct{ Format map[string]any }
	}
	mustUnmarshal(t, recorded(t, "rest-columns-dennislwm.json")["tables"], &tables)
	known := map[string]map[string]bool{}
	for _, table := range tables {
		for _, c := range table.Columns {
			kind := c.Format["type"].(string)
			if known[kind] == nil {
				known[kind] = map[string]bool{}
			}
			for k := range c.Format {
				known[kind][k] = true
			}
		}
	}
	known["select"]["options"] = true // in rest-probes
	p := inMemory(t, codatest.Hostile(), codatest.Options{})
	for _, c := range p.all(hostileGrid + "/columns?limit=100") {
		f := c.object("format")
		for k := range f {
			if keys := known[f.string("type")]; keys != nil && !keys[k] && f.string("type") != "link" {
				t.Errorf("a %s column has %s, recorded ones have %v", f.string("type"), k, slices.Sorted(maps.Keys(keys)))
			}
		}
	}
}
