package codatest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

const (
	picturesPath = "/docs/" + codatest.PicturesDoc
	pictureRows  = picturesPath + "/tables/" + codatest.PicturesTable + "/rows"
)

// load fetches an address of a blob as anybody would.
func (p *peer) load(address string, header ...string) attempt {
	p.t.Helper()
	resp, err := p.send("GET", address, "", append([]string{"Authorization", ""}, header...)...)
	if err != nil {
		return attempt{err: err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return attempt{resp.StatusCode, resp.Header, string(b), err}
}

// bytesOf is what a blob of Pictures holds.
func bytesOf(t *testing.T, id string) string {
	t.Helper()
	for _, b := range codatest.Pictures().Docs[0].Blobs {
		if b.ID == id {
			all, err := io.ReadAll(io.NewSectionReader(b.Content, 0, b.Content.Size()))
			if err != nil {
				t.Fatal(err)
			}
			return string(all)
		}
	}
	t.Fatalf("there is no blob %s", id)
	return ""
}

// A pasted image is in a page's HTML as it was seen there, and not in its Markdown.
func TestAPastedImageIsInTheHTMLAlone(t *testing.T) {
	both(t, codatest.Pictures, codatest.Options{}, func(t *testing.T, p *peer) {
		html := p.export(codatest.PicturesDoc, codatest.PicturesPage, "html")
		form := regexp.MustCompile("\u200b" + `<span style="display: inline-block"><img data-coda-blob-id="(bl-[^"]+)" data-coda-mime-type="image/([^"]+)" alt="([^"]*)" src="([^"]+)" width="\d+" height="\d+"></span>` + "\ufffc")
		seen := form.FindAllStringSubmatch(html, -1)
		if len(seen) != 3 || seen[0][1] != codatest.BlobShared || seen[0][3] != "shared &#34;chart&#34; &amp; more" || seen[1][2] != "heic" || seen[2][3] != "" {
			t.Fatalf("%q in\n%s", seen, html)
		}
		if a := p.load(seen[1][4]); a.status != 200 || a.body != bytesOf(t, codatest.BlobPhoto) || a.header.Get("Content-Type") != "image/heic" {
			t.Errorf("the photo: %d, %d bytes of %q: %v", a.status, len(a.body), a.header.Get("Content-Type"), a.err)
		}
		markdown := p.export(codatest.PicturesDoc, codatest.PicturesPage, "markdown")
		if want := "# Pasted\n\nBetween the two.\n\nBefore  after.\n\n"; markdown != want {
			t.Errorf("%q, want %q", markdown, want)
		}
	})
}

// A blob has one address and one content, wherever it is shown.
func TestABlobIsTheSameEverywhere(t *testing.T) {
	p := inMemory(t, codatest.Pictures(), codatest.Options{})
	address := p.BlobURL(codatest.PicturesDoc, codatest.BlobShared)
	shown := fmt.Sprintf("src=%q", address)
	for _, page := range []string{codatest.PicturesPage, codatest.PicturesCover, "canvas-TblPics_04"} {
		if html := p.export(codatest.PicturesDoc, page, "html"); !strings.Contains(html, shown) {
			t.Errorf("%s does not show %s:\n%s", page, shown, html)
		}
	}
	cover := p.get(picturesPath + "/pages/" + codatest.PicturesCover).object("image")
	if got, want := cover.string("browserLink"), p.BlobURL(codatest.PicturesDoc, codatest.BlobCover); got != want || string(cover["width"]) != "96" {
		t.Errorf("the cover is %s, want %s", cover, want)
	}
	if u, err := url.Parse(address); err != nil || u.Host != "codahosted.io" {
		t.Errorf("%s is on the API's host", address)
	}
}

// cellsOf gives the values of a column in a format, by row.
func (p *peer) cellsOf(column, format string) (cells []json.RawMessage) {
	for _, row := range p.all(pictureRows + "?valueFormat=" + format) {
		cells = append(cells, row.object("values")[column])
	}
	return cells
}

func TestCellsShowBlobs(t *testing.T) {
	p := inMemory(t, codatest.Pictures(), codatest.Options{})
	var files []struct {
		Type              string `json:"@type"`
		Name, URL, Status string
	}
	if err := json.Unmarshal(p.cellsOf("c-PicFiles_4", "rich")[0], &files); err != nil || len(files) != 2 {
		t.Fatalf("%v: %v", files, err)
	}
	pdf, gone := files[0], files[1]
	if pdf.Type != "ImageObject" || pdf.Name != "Report (final).pdf" || pdf.Status != "live" || pdf.URL != p.BlobURL(codatest.PicturesDoc, codatest.BlobPDF) {
		t.Errorf("%+v", pdf)
	}
	if a := p.load(pdf.URL); a.status != 200 || !strings.HasPrefix(a.body, "%PDF-1.") {
		t.Errorf("the PDF: %d %.20q", a.status, a.body)
	}
	if a := p.load(gone.URL); gone.Status != "deleted" || a.status != http.StatusNotFound {
		t.Errorf("%+v: %d", gone, a.status)
	}
	if failed := string(p.cellsOf("c-PicFiles_4", "rich")[1]); !strings.Contains(failed, `"status":"failed"`) {
		t.Errorf("%s", failed)
	}
	if simple := string(p.cellsOf("c-PicRefer_3", "simple")[1]); simple != strconv.Quote(p.BlobURL(codatest.PicturesDoc, codatest.BlobShared)) {
		t.Errorf("simple: %s", simple)
	}
}

// What a page's text says of other hosts stays as it is.
func TestPagesMayNameOtherHosts(t *testing.T) {
	p := inMemory(t, codatest.Pictures(), codatest.Options{})
	html := p.export(codatest.PicturesDoc, codatest.PicturesEvil, "html")
	for _, want := range []string{`data-coda-blob-id="` + codatest.BlobElsewhere + `"`, `src="` + codatest.Elsewhere + `/docs/`, `data-coda-blob-id="../../bl-escape"`,
		`<img alt="a link" src="` + codatest.Elsewhere + `/tracker.gif">`} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in\n%s", want, html)
		}
	}
}

// An address works for a while, and its holder needs nothing else.
func TestAddressesAreCapabilitiesThatExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := inMemory(t, codatest.Pictures(), codatest.Options{BlobLife: time.Hour})
		first := p.BlobURL(codatest.PicturesDoc, codatest.BlobPDF)
		for _, bad := range []string{first[:len(first)-1] + "z", strings.Replace(first, codatest.BlobPDF, codatest.BlobPhoto, 1)} {
			if a := p.load(bad); a.status != http.StatusForbidden || !strings.Contains(a.body, "<Code>AccessDenied</Code>") {
				t.Errorf("%s: %d %s", bad, a.status, a.body)
			}
		}
		time.Sleep(time.Hour)
		if again := p.BlobURL(codatest.PicturesDoc, codatest.BlobPDF); again == first {
			t.Error("the address is the same after an hour")
		}
		if a := p.load(first); a.status != 200 {
			t.Errorf("after its hour: %d", a.status)
		}
		time.Sleep(time.Hour)
		if a := p.load(first); a.status != http.StatusForbidden {
			t.Errorf("after two: %d", a.status)
		}
		now := p.BlobURL(codatest.PicturesDoc, codatest.BlobPDF)
		p.ExpireBlobs()
		if a := p.load(now); a.status != http.StatusForbidden {
			t.Errorf("after all died: %d", a.status)
		}
		if a := p.load(p.BlobURL(codatest.PicturesDoc, codatest.BlobPDF)); a.status != 200 {
			t.Errorf("a new one: %d", a.status)
		}
		if n := p.BlobRequests()[codatest.BlobPDF]; n != 5 {
			t.Errorf("%d requests for the PDF, want 5", n)
		}
	})
}

func TestTheBlobHostRefusesATokenAndCountsIt(t *testing.T) {
	both(t, codatest.Pictures, codatest.Options{}, func(t *testing.T, p *peer) {
		address := p.BlobURL(codatest.PicturesDoc, codatest.BlobPDF)
		p.load(address)
		if leaks := p.Leaks(); len(leaks) != 0 {
			t.Errorf("%d leaks before there was one", len(leaks))
		}
		if a := p.load(address, "Cookie", "session=1"); a.status != http.StatusBadRequest {
			t.Errorf("with a cookie: %d", a.status)
		}
		if a := p.load(address, "Authorization", "Bearer token"); a.status != http.StatusBadRequest {
			t.Errorf("with a token: %d", a.status)
		}
		if leaks := p.Leaks(); len(leaks) != 2 || !leaks[0].Cookie || !leaks[1].Authorized {
			t.Errorf("%v", leaks)
		}
	})
}

// A part of a blob is that part, as long as the blob is the same.
func TestBlobsComeInParts(t *testing.T) {
	both(t, codatest.Pictures, codatest.Options{}, func(t *testing.T, p *peer) {
		address, all := p.BlobURL(codatest.PicturesDoc, codatest.BlobVideo), bytesOf(t, codatest.BlobVideo)
		whole := p.load(address)
		tag := whole.header.Get("ETag")
		if n := whole.header.Get("Content-Length"); whole.body != all || n != "200000" || tag == "" {
			t.Errorf("%d bytes, Content-Length %q, ETag %q", len(whole.body), n, tag)
		}
		part := p.load(address, "Range", "bytes=199990-", "If-Range", tag)
		if part.status != http.StatusPartialContent || part.body != all[199990:] || part.header.Get("Content-Range") != "bytes 199990-199999/200000" {
			t.Errorf("%d %q, %d bytes", part.status, part.header.Get("Content-Range"), len(part.body))
		}
		if other := p.load(address, "Range", "bytes=199990-", "If-Range", `"other"`); other.status != http.StatusOK || other.body != all {
			t.Errorf("of another blob: %d", other.status)
		}
		if beyond := p.load(address, "Range", "bytes=200000-"); beyond.status != http.StatusRequestedRangeNotSatisfiable || beyond.header.Get("Content-Range") != "bytes */200000" {
			t.Errorf("beyond the end: %d %v", beyond.status, beyond.header)
		}
	})
}

func TestFaultsOfTheBlobHost(t *testing.T) {
	const half = 100_000
	all := bytesOf(t, codatest.BlobVideo)
	faults := map[string]struct {
		fault  codatest.Fault
		header []string
		seen   func(attempt) bool
	}{
		"expired":   {codatest.Fault{Status: 403}, nil, func(a attempt) bool { return a.status == 403 && strings.Contains(a.body, "AccessDenied") }},
		"gone":      {codatest.Fault{Status: 410}, nil, func(a attempt) bool { return a.status == 410 }},
		"not there": {codatest.Fault{Status: 404}, nil, func(a attempt) bool { return a.status == 404 }},
		"redirect": {codatest.Fault{Status: 302, Header: http.Header{"Location": {codatest.Elsewhere}}}, nil, func(a attempt) bool {
			return a.status == 302 && a.header.Get("Location") == codatest.Elsewhere
		}},
		"a web page": {codatest.Fault{Kind: codatest.HTML}, nil, func(a attempt) bool { return a.status == 200 && strings.HasPrefix(a.body, "<!DOCTYPE html>") }},
		"reset":      {codatest.Fault{Kind: codatest.Reset}, nil, func(a attempt) bool { return a.status == 0 && reset(a) }},
		"dies":       {codatest.Fault{Kind: codatest.ResetBody}, nil, func(a attempt) bool { return a.status == 200 && reset(a) && len(a.body) <= half }},
		"cut":        {codatest.Fault{Kind: codatest.Truncated}, nil, func(a attempt) bool { return reset(a) && a.body == all[:half] }},
		"slow":       {codatest.Fault{Kind: codatest.SlowBody, Delay: time.Millisecond}, nil, func(a attempt) bool { return a.err == nil && a.body == all }},
		"wrong length": {codatest.Fault{Kind: codatest.WrongLength}, nil, func(a attempt) bool {
			return reset(a) && a.body == all && a.header.Get("Content-Length") == "200001"
		}},
		"no ranges":   {codatest.Fault{Kind: codatest.NoRange}, []string{"Range", "bytes=9-"}, func(a attempt) bool { return a.status == 200 && a.body == all }},
		"other range": {codatest.Fault{Kind: codatest.OtherRange}, []string{"Range", "bytes=9-"}, func(a attempt) bool { return a.status == 206 && a.body == all }},
		"chunked": {codatest.Fault{Kind: codatest.Chunked}, []string{"Range", "bytes=9-"}, func(a attempt) bool {
			return a.status == 200 && a.body == all && a.header.Get("Content-Length")+a.header.Get("ETag") == ""
		}},
	}
	both(t, codatest.Pictures, codatest.Options{}, func(t *testing.T, p *peer) {
		p.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		address := p.BlobURL(codatest.PicturesDoc, codatest.BlobVideo)
		for name, c := range faults {
			t.Run(name, func(t *testing.T) {
				c.fault.Path, c.fault.Times = "/docs/[^/]+/blobs/"+codatest.BlobVideo+"/.*", 1
				p.Fail(c.fault)
				defer p.Heal()
				p.http.CloseIdleConnections()
				if a := p.load(address, c.header...); !c.seen(a) {
					t.Errorf("%d %v %v, %d bytes", a.status, a.err, a.header, len(a.body))
				}
				if a := p.load(address); a.err != nil || a.body != all {
					t.Errorf("the fault did not end: %d %v", a.status, a.err)
				}
			})
		}
	})
}

// Content that takes no memory is the same from wherever it is read.
func TestNoiseIsTheSameInParts(t *testing.T) {
	whole := make([]byte, 1000)
	if n, err := codatest.Noise(7, 1000).ReadAt(whole, 0); n != 1000 || err != nil && err != io.EOF {
		t.Fatal(n, err)
	}
	for _, from := range []int64{0, 1, 7, 8, 13, 992} {
		part := make([]byte, 8)
		if codatest.Noise(7, 1000).ReadAt(part, from); !bytes.Equal(part, whole[from:from+8]) {
			t.Errorf("from %d: %x, want %x", from, part, whole[from:from+8])
		}
	}
	if other := make([]byte, 1000); func() bool { codatest.Noise(8, 1000).ReadAt(other, 0); return bytes.Equal(other, whole) }() {
		t.Error("the seed changes nothing")
	}
}

// The sample's pictures are pictures, its PDF is one, and its links lead to pages.
func TestTheSampleHasPicturesAndLinksThatLeadSomewhere(t *testing.T) {
	w := codatest.Sample()
	p := inMemory(t, w, codatest.Options{})
	pictures, documents := 0, 0
	for _, d := range w.Docs {
		for _, b := range d.Blobs {
			a := p.load(p.BlobURL(d.ID, b.ID))
			switch b.Type {
			case "image/png":
				m, err := png.Decode(strings.NewReader(a.body))
				if err != nil || m.Bounds().Dx() != b.Width || m.Bounds().Dy() != b.Height {
					t.Errorf("%s is no picture of %d by %d: %v", b.Name, b.Width, b.Height, err)
				}
				pictures++
			case "application/pdf":
				checkPDF(t, a.body)
				documents++
			}
		}
	}
	links := 0
	anyLink := regexp.MustCompile(`\]\((https://docs\.superhuman\.com/[^)]*)\)`)
	for _, d := range w.Docs {
		for _, page := range d.Pages {
			for _, m := range anyLink.FindAllStringSubmatch(page.Body, -1) {
				to := p.get("/resolveBrowserLink?url=" + url.QueryEscape(m[1])).object("resource")
				if to.string("type") != "page" || to.string("id") == page.ID {
					t.Errorf("%s in %s leads to %s", m[1], page.Name, to)
				}
				links++
			}
		}
	}
	if pictures < 4 || documents != 1 || links < 4 {
		t.Errorf("%d pictures, %d documents, %d links", pictures, documents, links)
	}
}

// checkPDF follows a PDF's table of places.
func checkPDF(t *testing.T, pdf string) {
	t.Helper()
	end := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindStringSubmatch(pdf)
	if end == nil {
		t.Fatalf("no end: %q", pdf)
	}
	table, _ := strconv.Atoi(end[1])
	if !strings.HasPrefix(pdf[table:], "xref\n0 6\n") {
		t.Fatalf("no table at %d: %q", table, pdf)
	}
	places := regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`).FindAllStringSubmatch(pdf[table:], -1)
	var found []string
	for _, m := range places {
		at, _ := strconv.Atoi(m[1])
		found = append(found, strings.Fields(pdf[at:])[0])
	}
	if want := []string{"1", "2", "3", "4", "5"}; !slices.Equal(found, want) {
		t.Errorf("objects %v, want %v", found, want)
	}
}
