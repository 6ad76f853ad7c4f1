package codatest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

const (
	planPath   = "/docs/" + codatest.SampleDoc + "/pages/" + codatest.SamplePage
	exportBody = `{"outputFormat":"markdown"}`
)

// begin starts an export of the sample's launch plan and gives its href.
func (p *peer) begin(body string) string {
	p.t.Helper()
	status, text := p.text("POST", planPath+"/export", body)
	if o := p.decode(text); status != http.StatusAccepted || o.string("status") != "inProgress" {
		p.t.Fatalf("%d %s", status, text)
	}
	return p.decode(text).string("href")
}

func TestExportRunsThenCompletesAndEachPollMakesANewLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := inMemory(t, codatest.Sample(), codatest.Options{ExportTime: 3 * time.Second})
		href := p.begin(exportBody)
		time.Sleep(3*time.Second - time.Millisecond)
		if o := p.get(href); o.string("status") != "inProgress" || o.string("downloadLink") != "" {
			t.Errorf("before its time: %s", o)
		}
		time.Sleep(time.Millisecond)
		first, second := p.get(href), p.get(href)
		if first.string("status") != "complete" || first.string("downloadLink") == second.string("downloadLink") {
			t.Errorf("%s, then %s", first, second)
		}
	})
}

func TestDownloadLinkDiesAndCannotBeForged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := inMemory(t, codatest.Sample(), codatest.Options{})
		link := p.get(p.begin(exportBody)).string("downloadLink")
		load := func(link string) (int, string) { return p.text("GET", link, "", "Authorization", "") }
		forged := strings.Replace(link, "X-Amz-Expires=300", "X-Amz-Expires=900", 1)
		if status, body := load(forged); status != http.StatusForbidden {
			t.Errorf("forged: %d %s", status, body)
		}
		if u, err := url.Parse(link); err != nil || u.Host == "coda.io" {
			t.Errorf("the link %s is on the API's host", link)
		}
		time.Sleep(300 * time.Second)
		if status, body := load(link); status != http.StatusOK || !strings.HasPrefix(body, "# Launch plan") {
			t.Errorf("after 300 s: %d %.40s", status, body)
		}
		time.Sleep(2 * time.Second)
		if status, body := load(link); status != http.StatusForbidden || !strings.Contains(body, "<Code>AccessDenied</Code>") {
			t.Errorf("after 302 s: %d %s", status, body)
		}
	})
}

func TestDownloadIsGzippedTextAndRefusesATokenAndSaysSo(t *testing.T) {
	both(t, codatest.Sample, codatest.Options{}, func(t *testing.T, p *peer) {
		link := p.get(p.begin(exportBody)).string("downloadLink")
		resp, err := p.send("GET", link, "", "Authorization", "", "Accept-Encoding", "gzip")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if e, c := resp.Header.Get("Content-Encoding"), resp.Header.Get("Content-Type"); e != "gzip" || c != "text/plain" {
			t.Errorf("encoding %q, type %q", e, c)
		}
		if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != resp.ContentLength {
			t.Errorf("%d bytes of %d: %v", n, resp.ContentLength, err)
		}
		leaks := func(r codatest.Request) bool { return r.Download && r.Authorized }
		if n := p.Count(leaks); n != 0 {
			t.Errorf("%d leaks before there was one", n)
		}
		if status, _ := p.text("GET", link, ""); status != http.StatusBadRequest {
			t.Errorf("with a token: %d", status)
		}
		if n := p.Count(leaks); n != 1 {
			t.Errorf("%d leaks after one", n)
		}
	})
}

func TestTwoExportsOfAPageShareOneFile(t *testing.T) {
	p := inMemory(t, codatest.Sample(), codatest.Options{})
	markdown := p.get(p.begin(exportBody)).string("downloadLink")
	p.begin(`{"outputFormat":"html"}`)
	if _, body := p.text("GET", markdown, "", "Authorization", ""); !strings.HasPrefix(body, "<h1>Launch plan</h1>") {
		t.Errorf("the later export did not win: %.60s", body)
	}
}

func TestExportShowsWhatTheTablesOnThePageShowNow(t *testing.T) {
	w := codatest.Sample()
	p := inMemory(t, w, codatest.Options{})
	const status = "canvas-Ijk_Status1"
	want := "\n## At risk\n\n| Feature |"
	before := p.export(codatest.SampleDoc, status, "markdown")
	if !strings.Contains(before, want) || !strings.Contains(before, "\n| Japanese tokens |") || strings.Contains(before, "\n| Dark mode |") {
		t.Errorf("the page has not the view's rows:\n%s", before)
	}
	idea := p.get("/docs/" + codatest.SampleDoc + "/tables/" + codatest.SampleRoadmap + "/rows/Dark%20mode")
	column := p.get("/docs/" + codatest.SampleDoc + "/tables/" + codatest.SampleRoadmap + "/columns/Status")
	w.SetCell(codatest.SampleDoc, codatest.SampleRoadmap, idea.string("id"), column.string("id"), codatest.Text("At risk"))
	if after := p.export(codatest.SampleDoc, status, "markdown"); !strings.Contains(after, "\n| Dark mode |") {
		t.Errorf("the page has not the edited row:\n%s", after)
	}
	if html := p.export(codatest.SampleDoc, status, "html"); !strings.Contains(html, `<table data-coda-grid-id="table--AtRisk-_1">`) {
		t.Errorf("no table in the HTML:\n%s", html)
	}
}

func TestExportOfUnknownPagesAndExports(t *testing.T) {
	w := codatest.Sample()
	p := inMemory(t, w, codatest.Options{})
	href := p.begin(exportBody)
	other := strings.Replace(href, codatest.SamplePage, "canvas-Ijk_Status1", 1)
	p.refused("GET", other, "", http.StatusNotFound, "Not Found")
	p.refused("GET", planPath+"/export/nope", "", http.StatusNotFound, "Not Found")
	p.refused("POST", "/docs/"+codatest.SampleDoc+"/pages/nope/export", exportBody, http.StatusNotFound, "Could not find a page with the specified ID or name.")
	w.RemovePage(codatest.SampleDoc, codatest.SamplePage)
	p.refused("GET", href, "", http.StatusGone, "Gone")
	p.refused("POST", planPath+"/export", exportBody, http.StatusGone, "Gone")
}
