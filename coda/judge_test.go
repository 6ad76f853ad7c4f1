package coda_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
)

// do applies changes one after the other.
func do(all ...func(*codatest.Answer)) func(*codatest.Answer) {
	return func(a *codatest.Answer) {
		for _, f := range all {
			f(a)
		}
	}
}

// cut takes the end off a body as if it had none.
func cut(a *codatest.Answer) { a.Body = a.Body[:len(a.Body)-5] }

// more puts something behind a body's end.
func more(a *codatest.Answer) { a.Body = append(a.Body, "more"...) }

// noType takes the type away.
func noType(a *codatest.Answer) { a.Header["Content-Type"] = nil }

const (
	blocked  = "<!DOCTYPE html>\n<html><body>Access to this site is blocked by your organisation.</body></html>\n"
	dead     = "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code></Error>"
	tryAgain = `{"statusCode":503,"statusMessage":"Service Unavailable","message":"Service Unavailable"}`
)

// A download is judged, decoded and, where it cannot be the page, exported again.
var downloads = []struct {
	name   string
	change func(*codatest.Answer)
	// once and always are the steps where one download is changed, and where all are.
	once, always string
	// want is what comes where all are changed; "" where that fails, or for text itself.
	want string
	bad  bool   // it fails
	says string // what is told of it
}{
	// Decoded as far as it is encoded.
	{name: "gzip without the header", change: codatest.Encoded("", "gzip"), once: "SPD"},
	{name: "x-gzip", change: codatest.Encoded("x-gzip", "gzip"), once: "SPD"},
	{name: "GZIP", change: codatest.Encoded(" GZIP", "gzip"), once: "SPD"},
	{name: "gzip twice", change: codatest.Encoded("gzip, gzip", "gzip", "gzip"), once: "SPD"},
	{name: "gzip twice, told once", change: codatest.Encoded("gzip", "gzip", "gzip"), once: "SPD"},
	{name: "gzip twice, not told", change: codatest.Encoded("", "gzip", "gzip"), once: "SPD"},
	{name: "deflate", change: codatest.Encoded("deflate", "zlib"), once: "SPD"},
	{name: "raw deflate", change: codatest.Encoded("deflate", "deflate"), once: "SPD"},
	{name: "deflate, then gzip", change: codatest.Encoded("deflate, gzip", "zlib", "gzip"), once: "SPD"},
	{name: "as S3 keeps it", change: codatest.Encoded("gzip,aws-chunked", "gzip"), once: "SPD"},
	{name: "not encoded", change: codatest.Encoded(""), once: "SPD"},
	{name: "identity", change: codatest.Encoded("identity"), once: "SPD"},
	{name: "application/gzip", change: do(codatest.Encoded("", "gzip"), func(a *codatest.Answer) { a.Header.Set("Content-Type", "application/gzip") }), once: "SPD"},
	{name: "no type", change: noType, once: "SPD"},
	{name: "an empty page", change: do(codatest.With(0, "", ""), codatest.Encoded("gzip", "gzip")), once: "SPD", always: "SPD", want: "-"},
	{name: "a byte order mark", change: codatest.With(0, "", "\ufeff# Page\n"), once: "SPD", always: "SPD", want: "\ufeff# Page\n"},
	{name: "storage's words in a text", change: codatest.With(0, "", "As S3 says:\n"+dead), once: "SPD", always: "SPD", want: "As S3 says:\n" + dead},

	// Not what was asked for, whatever comes again.
	{name: "not what the header says", change: codatest.Encoded("gzip"), bad: true, says: "cannot be undone"},
	{name: "brotli", change: codatest.Encoded("br"), bad: true, says: `"br"`},
	{name: "compressed without end", change: codatest.Encoded("", "gzip", "gzip", "gzip", "gzip", "gzip"), bad: true, says: "more than 4 times"},
	{name: "gzip cut", change: do(codatest.Encoded("gzip", "gzip"), cut), bad: true, says: "cannot be undone"},
	{name: "gzip cut, not told", change: do(codatest.Encoded("", "gzip"), cut), bad: true, says: "cannot be undone"},
	{name: "gzip and more", change: do(codatest.Encoded("gzip", "gzip"), more), bad: true, says: "cannot be undone"},
	{name: "deflate and more", change: do(codatest.Encoded("deflate", "zlib"), more), bad: true, says: "behind its end"},
	{name: "zlib, not told", change: codatest.Encoded("", "zlib"), bad: true, says: "no text"},
	{name: "deflate, not told", change: codatest.Encoded("", "deflate"), bad: true, says: "no text"},
	{name: "empty gzip", change: do(codatest.With(0, "", ""), codatest.Encoded("gzip")), bad: true, says: "cannot be undone"},
	{name: "status 204", change: codatest.With(204, "", ""), bad: true, says: "204"},
	{name: "status 206", change: codatest.With(206, "", "# Page"), bad: true, says: "206"},
	{name: "status 203", change: codatest.With(203, "", text), bad: true, says: "203"},
	{name: "a web page", change: codatest.With(0, "text/html; charset=utf-8", blocked), bad: true, says: "web page"},
	{name: "Markdown as a web page", change: codatest.With(0, "text/html", text), bad: true, says: "web page"},

	// Hardly the page: taken when it came twice.
	{name: "a block page in plain text", change: codatest.With(0, "", blocked), want: blocked, says: "web page"},
	{name: "HTML for Markdown", change: codatest.With(0, "", "<h1>Page</h1>\n"), want: "<h1>Page</h1>\n", says: "web page"},
	{name: "HTML behind a byte order mark", change: codatest.With(0, "", "\ufeff\n <HTML>\n"), want: "\ufeff\n <HTML>\n", says: "web page"},
	{name: "HTML behind comments", change: codatest.With(0, "", "<!-- 403 -->\n<!--\n-->\n<HTML>\n"), want: "<!-- 403 -->\n<!--\n-->\n<HTML>\n", says: "web page"},
	{name: "a script", change: codatest.With(0, "", "<script>location = '/login'</script>\n"), want: "<script>location = '/login'</script>\n", says: "web page"},
	{name: "a title", change: codatest.With(0, "", "<title>403</title>\n<center>no\n"), want: "<title>403</title>\n<center>no\n", says: "web page"},
	{name: "nothing", change: codatest.With(0, "", ""), want: "-", says: "empty"},
	{name: "storage's error in plain text", change: codatest.With(0, "", dead), want: dead, says: "XML"},
	{name: "an error of the API", change: codatest.With(0, "", tryAgain), want: tryAgain, says: "error of the API"},
	{name: "JSON by its type", change: codatest.With(0, "application/json", "# Page\n"), want: "# Page\n", says: "application/json"},
	{name: "zero bytes", change: codatest.With(0, "", "# Page\x00 with a zero\n"), want: "# Page\x00 with a zero\n", says: "zero bytes"},
	{name: "a broken character", change: codatest.With(0, "", "# Page with \xff in a long line\n"), want: "# Page with \xff in a long line\n", says: "UTF-8"},
}

func TestADownloadIsThePageOrExportedAgain(t *testing.T) {
	for _, d := range downloads {
		if d.always == "" {
			d.always = map[bool]string{true: "SPDSPDSPD", false: "SPDSPD"}[d.bad]
			if d.want == "" && !d.bad {
				d.always = "SPD"
			}
		}
		if d.once == "" {
			d.once = "SPDSPD"
		}
		for _, times := range []int{1, 0} {
			t.Run(fmt.Sprint(d.name, map[int]string{1: ", once", 0: ", always"}[times]), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := serve(t, small(), codatest.Options{}, coda.Options{})
					s.api.Fail(codatest.Fault{Path: downloadPath, Kind: codatest.Changed, Times: times, Change: d.change})
					var told []string
					ctx := coda.OnDoubtfulExport(t.Context(), func(why string) { told = append(told, why) })
					got, err := s.ExportPage(ctx, doc, page, coda.Markdown)
					want, wantSteps := d.want, d.always
					if times == 1 {
						wantSteps = d.once
					}
					if want == "" || wantSteps == "SPDSPD" && times == 1 {
						want = text
					} else if want == "-" {
						want = ""
					}
					if d.bad && times == 0 {
						if e := fails(t, err, rest.CodeBadAnswer); !strings.Contains(e.Error(), d.says) || e.Attempts != 3 || got != nil {
							t.Errorf("got %q, %v, %d attempts, want %q in it", got, e, e.Attempts, d.says)
						}
					} else if err != nil || string(got) != want {
						t.Errorf("got %q, %v, want %q", got, err, want)
					}
					if doubtful := d.says != "" && !d.bad && times == 0; doubtful != (len(told) == 1) ||
						doubtful && !strings.Contains(told[0], d.says) {
						t.Errorf("told %q, want %q", told, d.says)
					}
					if got := steps(s.api.Requests()); got != wantSteps {
						t.Errorf("the steps were %s, want %s", got, wantSteps)
					}
				})
			})
		}
	}
}

// What hardly is the page and comes in another form each time is not taken.
func TestADoubtfulPageThatChangesIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, n := serve(t, small(), codatest.Options{}, coda.Options{}), 0
		s.api.Fail(codatest.Fault{Path: downloadPath, Kind: codatest.Changed, Change: func(a *codatest.Answer) {
			n++
			a.Body = fmt.Appendf(nil, "<Error><Code>NoSuchKey</Code><RequestId>%d</RequestId></Error>", n)
		}})
		_, err := s.ExportPage(t.Context(), doc, page, coda.Markdown)
		if e := fails(t, err, rest.CodeBadAnswer); e.Attempts != 3 || !strings.Contains(e.Error(), "hardly the page") {
			t.Errorf("%d attempts: %v", e.Attempts, e)
		}
	})
}

func TestHTMLMayBeAWebPageAndMarkdownHardlyIsHTML(t *testing.T) {
	for body, c := range map[string]struct{ media, steps string }{
		blocked:              {"text/html", "SPD"},
		"<p>x</p>":           {"text/plain", "SPD"},
		"\ufeff<P>x":         {"", "SPD"},
		"<!-- only this -->": {"application/xhtml+xml", "SPD"},
		"":                   {"text/plain", "SPDSPD"},
		"# Page\n\n1 < 2\n":  {"text/plain", "SPDSPD"},
		tryAgain:             {"text/plain", "SPDSPD"},
		dead:                 {"text/plain", "SPDSPD"},
		"<p>y</p>":           {"image/png", "SPDSPD"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, small(), codatest.Options{}, coda.Options{})
			s.api.Fail(codatest.Fault{Path: downloadPath, Kind: codatest.Changed, Change: codatest.With(0, c.media, body)})
			got, err := s.ExportPage(t.Context(), doc, page, coda.HTML)
			if err != nil || string(got) != body {
				t.Errorf("got %q, %v, want %q", got, err, body)
			}
			if got := steps(s.api.Requests()); got != c.steps {
				t.Errorf("%.20q: the steps were %s, want %s", body, got, c.steps)
			}
		})
	}
}

// The API's answers go through the same decoder.
func TestTheAPIsAnswersAreDecodedToo(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*codatest.Answer)
		bad    bool
	}{
		{"gzip without the header", codatest.Encoded("", "gzip"), false},
		{"x-gzip", codatest.Encoded("x-gzip", "gzip"), false},
		{"gzip twice", codatest.Encoded("gzip", "gzip", "gzip"), false},
		{"deflate", codatest.Encoded("deflate", "zlib"), false},
		{"gzip cut", do(codatest.Encoded("gzip", "gzip"), cut), true},
		{"brotli", codatest.Encoded("br", "gzip"), true},
		{"more JSON", more, true},
		{"status 206", codatest.With(206, "", `{"items":[]}`), true},
		{"status 204", codatest.With(204, "", ""), true},
		{"a list of nothing", codatest.With(0, "", `{"items":null}`), true},
		{"HTML by its type", func(a *codatest.Answer) { a.Header.Set("Content-Type", "text/html") }, true},
	} {
		for name, call := range calls {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, small(), codatest.Options{}, coda.Options{})
				s.api.Fail(codatest.Fault{Path: "/(docs|whoami).*", Kind: codatest.Changed, Times: 1, Change: test.change})
				if err := call(t.Context(), s.Client); err != nil {
					t.Errorf("%s, %s: %v", name, test.name, err)
				}
				s.api.Heal()
				s.api.Fail(codatest.Fault{Path: "/(docs|whoami).*", Kind: codatest.Changed, Change: test.change})
				if err := call(t.Context(), s.Client); !test.bad && err != nil {
					t.Errorf("%s, %s: %v", name, test.name, err)
				} else if test.bad {
					fails(t, err, rest.CodeBadAnswer)
				}
			})
		}
	}
}

// On sockets too, an answer whose length is not the one that was told is broken.
func TestABodyHasTheLengthThatWasTold(t *testing.T) {
	whole := `{"loginId":"ann@small.example","id":"` + doc + `"}`
	for _, told := range []int{len(whole), len(whole) + 5} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "gzip" {
				t.Errorf("asked for %q", r.Header.Get("Accept-Encoding"))
			}
			w.Header().Set("Content-Length", fmt.Sprint(told))
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(whole))
		}))
		c := newClient(t, coda.Options{BaseURL: server.URL, MaxRetries: rest.NoRetries})
		_, err := c.WhoAmI(t.Context())
		if told == len(whole) && err != nil {
			t.Error(err)
		} else if told != len(whole) {
			fails(t, err, rest.CodeUnreachable)
		}
		server.Close()
	}
	c := newClient(t, coda.Options{MaxRetries: rest.NoRetries, Transport: transportFunc(func(*http.Request) (*http.Response, error) {
		resp, err := reply(200, whole)
		resp.ContentLength = int64(len(whole)) - 1
		return resp, err
	})})
	_, err := c.WhoAmI(context.Background())
	fails(t, err, rest.CodeUnreachable)
}

// A small body must not become a large one in memory.
func TestACompressedBodyIsBounded(t *testing.T) {
	a := &codatest.Answer{Header: http.Header{}, Body: make([]byte, 1<<20)}
	codatest.Encoded("gzip", "gzip")(a)
	bomb := strings.Repeat(string(a.Body), 65) // streams one after another are one
	_, err := answering(t, 200, bomb, "Content-Encoding", "gzip").WhoAmI(t.Context())
	fails(t, err, rest.CodeTooLarge)
}
