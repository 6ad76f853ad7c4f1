package codatest_test

import (
	"net/url"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
)

// Every browser link that the service gives leads back to the object that gave it.
func TestBrowserLinksResolve(t *testing.T) {
	p := inMemory(t, codatest.Sample(), codatest.Options{})
	resolve := func(link string) object {
		return p.get("/resolveBrowserLink?url=" + url.QueryEscape(link)).object("resource")
	}
	back := func(o object) {
		t.Helper()
		got := resolve(o.string("browserLink"))
		if got.string("id") != o.string("id") || got.string("type") != o.string("type") || got.string("href") != o.string("href") {
			t.Errorf("%s of %s resolves to %s", o.string("browserLink"), o.string("id"), got)
		}
	}
	for _, doc := range p.all("/docs") {
		back(doc)
		for _, page := range p.all("/docs/" + doc.string("id") + "/pages") {
			back(page)
			if page["parent"] != nil {
				back(page.object("parent"))
			}
		}
		for _, table := range p.all("/docs/" + doc.string("id") + "/tables") {
			back(table)
			for _, row := range p.all("/docs/" + doc.string("id") + "/tables/" + table.string("id") + "/rows?limit=3") {
				back(row)
			}
		}
	}
}

func TestLinksThatLeadNowhere(t *testing.T) {
	w := codatest.Sample()
	p := inMemory(t, w, codatest.Options{})
	const path, doc = "/resolveBrowserLink?url=", "https://coda.io/d/Launch_d" + codatest.SampleDoc
	p.refused("GET", path+url.QueryEscape("https://example.com/d/x_d"+codatest.SampleDoc), "", 400, "Bad Request")
	p.refused("GET", path+url.QueryEscape("https://coda.io/d/x_dNoSuchDoc0"), "", 404, "Not Found")
	gone := url.QueryEscape(doc + "/Plan_su0Plan0")
	p.get(path + gone)
	w.RemovePage(codatest.SampleDoc, codatest.SamplePage)
	p.refused("GET", path+gone, "", 404, "Not Found")
	if got := p.get(path + gone + "&degradeGracefully=true").object("resource").string("id"); got != codatest.SampleDoc {
		t.Errorf("a deleted page degrades to %s", got)
	}
}
