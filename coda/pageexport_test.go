package coda_test

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
)

const (
	exportPath   = "/docs/" + doc + "/pages/" + page + "/export"
	downloadPath = "/DOC_EXPORT.*"
)

// steps are the requests of an export in short: S starts one, P polls, D downloads.
func steps(rs []codatest.Request) string {
	var b strings.Builder
	for _, r := range rs {
		switch {
		case r.Download:
			b.WriteByte('D')
		case r.Method == http.MethodPost:
			b.WriteByte('S')
		default:
			b.WriteByte('P')
		}
	}
	return b.String()
}

func TestAnExportIsStartedPolledAndDownloaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, small(), codatest.Options{ExportTime: 500 * time.Millisecond}, coda.Options{})
		got, err := s.ExportPage(t.Context(), doc, page, coda.Markdown)
		if err != nil || string(got) != text {
			t.Errorf("got %q, %v, want %q", got, err, text)
		}
		if got := steps(s.api.Requests()); got != "SPD" {
			t.Errorf("the steps were %s, want SPD", got)
		}
		html, err := s.ExportPage(t.Context(), doc, page, coda.HTML)
		if err != nil || !strings.Contains(string(html), "<h1>") {
			t.Errorf("got %q, %v, want HTML", html, err)
		}
	})
}

func TestAnExportOverSocketsIsUnzipped(t *testing.T) {
	s := onSockets(t, coda.Options{Unlimited: true})
	got, err := s.ExportPage(t.Context(), doc, page, coda.Markdown)
	if err != nil || string(got) != text {
		t.Errorf("got %q, %v, want %q", got, err, text)
	}
	for _, r := range s.api.Requests() {
		if r.Authorized == r.Download {
			t.Errorf("%s%s: authorized is %v", r.Host, r.Path, r.Authorized)
		}
	}
}

func TestExportsThatGoWrong(t *testing.T) {
	expired := codatest.Fault{Path: downloadPath, Status: 403}
	noSuchKey := codatest.Fault{Path: downloadPath, Status: 200, Header: http.Header{"Content-Type": {"application/xml"}},
		Body: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>no</Message></Error>"}
	times := func(f codatest.Fault, n int) codatest.Fault { f.Times = n; return f }
	status := func(path string, status int) codatest.Fault { return codatest.Fault{Path: path, Status: status} }
	for _, test := range []struct {
		name   string
		faults []codatest.Fault
		code   rest.Code // "" is success
		status int
		steps  string
	}{
		{"no fault", nil, "", 0, "SPD"},
		{"not yet known", []codatest.Fault{{Path: ".*/export/.*", Status: 404, Times: 3}}, "", 0, "SPPPPD"},
		{"never known", []codatest.Fault{status(".*/export/.*", 404)}, coda.CodeExportFailed, 404, "SPPPPPPP"},
		{"gone while it ran", []codatest.Fault{status(".*/export/.*", 410)}, rest.CodeGone, 410, "SP"},
		{"page is not there", []codatest.Fault{status(exportPath, 404)}, rest.CodeNotFound, 404, "S"},
		{"read-only token", []codatest.Fault{status(exportPath, 403)}, coda.CodeExportRefused, 403, "S"},
		{"failed", []codatest.Fault{{Path: ".*/export/.*", Kind: codatest.FailedExport}}, coda.CodeExportFailed, 0, "SP"},
		{"expired once", []codatest.Fault{times(expired, 1)}, "", 0, "SPDPD"},
		{"expired twice", []codatest.Fault{times(expired, 2)}, "", 0, "SPDPDSPD"},
		{"expired always", []codatest.Fault{expired}, coda.CodeExportFailed, 403, "SPDPDSPDPDSPDPD"},
		{"expired with 400", []codatest.Fault{{Path: downloadPath, Status: 400, Times: 1}}, "", 0, "SPDPD"},
		{"file is missing", []codatest.Fault{times(noSuchKey, 1)}, "", 0, "SPDPD"},
		{"file is always missing", []codatest.Fault{noSuchKey}, coda.CodeExportFailed, 200, "SPDPDSPDPDSPDPD"},
		{"expired and forgotten", []codatest.Fault{times(expired, 1), {Path: ".*/export/.*", Status: 404, Skip: 1, Times: 1}}, "", 0, "SPDPSPD"},
		{"expired and undone", []codatest.Fault{times(expired, 1), {Path: ".*/export/.*", Kind: codatest.StuckExport, Skip: 1, Times: 1}}, "", 0, "SPDPSPD"},
		{"expired and refused", []codatest.Fault{times(expired, 1), {Path: ".*/export/.*", Status: 401, Skip: 1}}, rest.CodeUnauthorized, 401, "SPDP"},
		{"storage is busy", []codatest.Fault{{Path: downloadPath, Status: 503, Times: 2}}, "", 0, "SPDDD"},
		{"storage slows down", []codatest.Fault{{Path: downloadPath, Status: 429, Times: 2}}, "", 0, "SPDDD"},
		{"storage is locked", []codatest.Fault{{Path: downloadPath, Status: 423, Times: 2}}, "", 0, "SPDDD"},
		{"storage is tired", []codatest.Fault{{Path: downloadPath, Status: 408, Times: 2}}, "", 0, "SPDDD"},
		{"storage cannot", []codatest.Fault{{Path: downloadPath, Status: 501}}, rest.CodeServerError, 501, "SPD"},
		{"start came too early", []codatest.Fault{{Path: exportPath, Status: 425, Times: 2}}, "", 0, "SSSPD"},
		{"status is locked", []codatest.Fault{{Path: ".*/export/.*", Status: 423, Times: 2}}, "", 0, "SPPPD"},
		{"storage is down", []codatest.Fault{{Path: downloadPath, Status: 500}}, rest.CodeServerError, 500, "SPDDDDDDD"},
		{"broken download", []codatest.Fault{{Path: downloadPath, Kind: codatest.Truncated, Times: 1}}, "", 0, "SPDD"},
		{"reset download", []codatest.Fault{{Path: downloadPath, Kind: codatest.ResetBody, Times: 1}}, "", 0, "SPDD"},
		{"empty status", []codatest.Fault{{Path: ".*/export/.*", Status: 200, Body: "{}"}}, rest.CodeBadAnswer, 200, "SPPP"},
		{"null for a status", []codatest.Fault{{Path: ".*/export/.*", Status: 200, Body: "null"}}, rest.CodeBadAnswer, 200, "SPPP"},
		{"start without an id", []codatest.Fault{{Path: exportPath, Status: 202, Body: `{"status":"inProgress"}`}}, rest.CodeBadAnswer, 202, "SSS"},
		{"id that climbs", []codatest.Fault{{Path: exportPath, Status: 202, Body: `{"id":"../../../whoami"}`}}, rest.CodeBadAnswer, 202, "SSS"},
		{"another export's status", []codatest.Fault{{Path: ".*/export/.*", Kind: codatest.Changed, Times: 2,
			Change: codatest.With(0, "", `{"id":"another","status":"complete","downloadLink":"https://exports.codatest.invalid/x"}`)}}, "", 0, "SPPPD"},
		{"start with status 200", []codatest.Fault{{Path: exportPath, Kind: codatest.Changed, Times: 1,
			Change: func(a *codatest.Answer) { a.Status = 200 }}}, "", 0, "SSPD"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, small(), codatest.Options{}, coda.Options{})
				for _, f := range test.faults {
					s.api.Fail(f)
				}
				got, err := s.ExportPage(t.Context(), doc, page, coda.Markdown)
				if test.code == "" && (err != nil || string(got) != text) {
					t.Errorf("got %q, %v, want %q", got, err, text)
				}
				if test.code != "" {
					if e := fails(t, err, test.code); e.Status != test.status || len(got) != 0 {
						t.Errorf("got %q, %+v, want status %d", got, e, test.status)
					}
				}
				if test.code == coda.CodeExportFailed && errors.Is(err, iofs.ErrNotExist) {
					t.Error("a lost export passes for a page that is not there")
				}
				if got := steps(s.api.Requests()); got != test.steps {
					t.Errorf("the steps were %s, want %s", got, test.steps)
				}
			})
		})
	}
}

func TestAFailedExportTellsWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, small(), codatest.Options{}, coda.Options{})
		s.api.Fail(codatest.Fault{Path: ".*/export/.*", Kind: codatest.FailedExport, Body: "Too\nlarge, see https://x.example/?X-Amz-Signature=1"})
		_, err := s.ExportPage(t.Context(), doc, page, coda.Markdown)
		if e := fails(t, err, coda.CodeExportFailed); e.Message != "Too large, see (link)" {
			t.Errorf("message is %q", e.Message)
		}
	})
}

func TestAStuckExportEndsAtItsTimeout(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{0: 2 * time.Minute, 10 * time.Second: 10 * time.Second} {
		for _, of := range []func(context.Context) context.Context{context.WithoutCancel, rate.Background} {
			synctest.Test(t, func(t *testing.T) {
				ctx := of(t.Context())
				s := serve(t, small(), codatest.Options{}, coda.Options{ExportTimeout: timeout})
				s.api.Fail(codatest.Fault{Path: ".*/export/.*", Kind: codatest.StuckExport})
				start := time.Now()
				_, err := s.ExportPage(ctx, doc, page, coda.Markdown)
				e := fails(t, err, coda.CodeExportTimeout)
				if took := time.Since(start); took != want || !strings.Contains(e.Message, want.String()) {
					t.Errorf("ended after %v (%v), want %v", took, err, want)
				}
				if n := s.api.Count(nil); n > 30 {
					t.Errorf("%d requests in %v", n, want)
				}
			})
		}
	}
}

// Whatever the polls meet and wait for, they do it within the timeout.
func TestTheTimeoutOfAnExportBoundsItsPollsRetries(t *testing.T) {
	const timeout = 10 * time.Second
	status := ".*/export/.*"
	for name, test := range map[string]struct {
		fault codatest.Fault
		polls int
	}{
		"failing":        {codatest.Fault{Path: status, Status: 500}, 4}, // after 1 s, and 1, 2 and 4 s
		"told to wait":   {codatest.Fault{Path: status, Status: 503, Header: http.Header{"Retry-After": {"3600"}}}, 1},
		"limited":        {codatest.Fault{Path: status, Status: 429, Header: http.Header{"Retry-After": {"3600"}}}, 1},
		"without an end": {codatest.Fault{Path: status, Kind: codatest.SlowBody, Delay: time.Hour}, 2}, // the first for 7.5 s
		"never heard of": {codatest.Fault{Path: status, Status: 404}, 5},
		"stuck":          {codatest.Fault{Path: status, Kind: codatest.StuckExport}, 11},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, small(), codatest.Options{}, coda.Options{ExportTimeout: timeout})
				s.api.Fail(test.fault)
				start := time.Now()
				_, err := s.ExportPage(t.Context(), doc, page, coda.Markdown)
				e := fails(t, err, coda.CodeExportTimeout)
				if took := time.Since(start); took != timeout {
					t.Errorf("ended after %v (%v), want %v", took, err, timeout)
				}
				if polls := s.api.Count(nil) - 1; polls != test.polls || e.Attempts != polls {
					t.Errorf("%d polls, and %d attempts are told, want %d", polls, e.Attempts, test.polls)
				}
			})
		})
	}
}

// A caller that leaves is no timeout.
func TestACallerThatLeavesAnExportIsNoTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, small(), codatest.Options{}, coda.Options{})
		s.api.Fail(codatest.Fault{Path: ".*/export/.*", Status: 500})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, err := s.ExportPage(ctx, doc, page, coda.Markdown); !errors.Is(err, context.DeadlineExceeded) || rest.CodeOf(err) != "" {
			t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

// Few downloads may run at once. Those that wait to be sent again must not keep others from it.
func TestADownloadThatWaitsHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := small()
		for i := range 5 {
			w.Docs[0].Pages = append(w.Docs[0].Pages, &codatest.Page{ID: fmt.Sprintf("canvas-%d", i), Name: "Page", Body: "text\n"})
		}
		s := serve(t, w, codatest.Options{}, coda.Options{Unlimited: true})
		s.api.Fail(codatest.Fault{Path: downloadPath, Status: 503, Times: 5, Header: http.Header{"Retry-After": {"60"}}})
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				if _, err := s.ExportPage(t.Context(), doc, fmt.Sprintf("canvas-%d", i), coda.Markdown); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(10 * time.Second)
		start := time.Now()
		if _, err := s.ExportPage(t.Context(), doc, page, coda.Markdown); err != nil || time.Since(start) > 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		wg.Wait()
	})
}

// A link that dies while the storage is busy is renewed.
func TestALinkThatExpiresIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, small(), codatest.Options{LinkLife: 10 * time.Second}, coda.Options{})
		s.api.Fail(codatest.Fault{Path: downloadPath, Status: 503, Times: 1, Header: http.Header{"Retry-After": {"15"}}})
		got, err := s.ExportPage(t.Context(), doc, page, coda.Markdown)
		if err != nil || string(got) != text {
			t.Errorf("got %q, %v, want %q", got, err, text)
		}
		if got := steps(s.api.Requests()); got != "SPDDPD" {
			t.Errorf("the steps were %s, want SPDDPD", got)
		}
	})
}

// A page may look like the storage's error from far; its text is still its text.
func TestAPageAboutStorageErrorsIsAPage(t *testing.T) {
	for _, body := range []string{
		"How S3 says it:\n\n<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code></Error>\n",
		"<?xml version=\"1.0\"?>\n<Listing><Error><Code>NoSuchKey</Code></Error></Listing>\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, small(), codatest.Options{}, coda.Options{})
			s.api.Fail(codatest.Fault{Path: downloadPath, Status: 200, Header: http.Header{"Content-Type": {"text/plain"}}, Body: body})
			if got, err := s.ExportPage(t.Context(), doc, page, coda.Markdown); err != nil || string(got) != body {
				t.Errorf("got %q, %v, want %q", got, err, body)
			}
		})
	}
}

func TestAPageThatCannotBeExportedIsSaidAtOnce(t *testing.T) {
	s := serve(t, small(), codatest.Options{}, coda.Options{})
	_, err := s.ExportPage(t.Context(), doc, embed, coda.Markdown)
	e := fails(t, err, rest.CodeBadRequest)
	if want := "Only canvas pages can be exported"; e.Message != want || e.Status != 400 || s.api.Count(nil) != 1 {
		t.Errorf("got %+v after %d requests, want %q", e, s.api.Count(nil), want)
	}
}

func TestExportsOfOnePageGoOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, small(), codatest.Options{ExportTime: 3 * time.Second, Latency: 100 * time.Millisecond}, coda.Options{Unlimited: true})
		pages := []string{page, "canvas-Sub"}
		want := map[string]string{page: text, "canvas-Sub": "below\n"}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				got, err := s.ExportPage(t.Context(), doc, pages[i%2], coda.Markdown)
				if err != nil || !strings.HasPrefix(string(got), want[pages[i%2]]) {
					t.Errorf("%s: got %q, %v", pages[i%2], got, err)
				}
			})
		}
		wg.Wait()
		running, most := map[string]int{}, 0
		for _, r := range s.api.Requests() {
			i := slices.IndexFunc(pages, func(p string) bool { return strings.Contains(r.Path, "/"+p+"/") })
			switch {
			case r.Download:
				running[pages[i]]--
			case r.Method == http.MethodPost:
				running[pages[i]]++
			}
			if running[pages[i]] > 1 {
				t.Fatalf("two exports of %s at a time", pages[i])
			}
			most = max(most, running[pages[0]]+running[pages[1]])
		}
		if most != 2 {
			t.Errorf("at most %d exports ran at a time, want 2, one a page", most)
		}
	})
}

// Two callers leave, one of them while its export runs: the third has its turn.
func TestAnExportRunsAfterOthersWereGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, small(), codatest.Options{ExportTime: 2 * time.Second}, coda.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for _, ctx := range []context.Context{ctx, ctx} {
			wg.Go(func() {
				if _, err := s.ExportPage(ctx, doc, page, coda.Markdown); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want %v", err, context.Canceled)
				}
			})
		}
		synctest.Wait()
		wg.Go(func() {
			if got, err := s.ExportPage(t.Context(), doc, page, coda.Markdown); err != nil || string(got) != text {
				t.Errorf("got %q, %v, want %q", got, err, text)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
	})
}

func TestDownloadLinksThatAreNotFollowed(t *testing.T) {
	for _, link := range []string{
		"http://files.example/x?X-Amz-Signature=1", "/relative", "//files.example/x", "https:///x", "https:", "ftp://files.example/x",
		"file:///etc/passwd", "javascript:alert(1)", "http://[::1", " ", "http://127.0.0.1/x", "http://localhost/x",
	} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, small(), codatest.Options{}, coda.Options{})
			body := fmt.Sprintf(`{"id":"x","status":"complete","downloadLink":%q}`, link)
			s.api.Fail(codatest.Fault{Path: exportPath, Status: 202, Body: `{"id":"x"}`})
			s.api.Fail(codatest.Fault{Path: ".*/export/.*", Status: 200, Body: body})
			_, err := s.ExportPage(t.Context(), doc, page, coda.Markdown)
			fails(t, err, rest.CodeBadAnswer)
			if got := steps(s.api.Requests()); got != "SP" {
				t.Errorf("%s: the steps were %s, want SP", link, got)
			}
		})
	}
}

func TestDownloadsFollowRedirectsToHTTPSAlone(t *testing.T) {
	for _, test := range []struct {
		location string
		code     rest.Code
	}{
		{codatest.DefaultDownloads + "/DOC_EXPORT_RENDERING/elsewhere", ""},
		{"/DOC_EXPORT_RENDERING/elsewhere", ""},
		{"http://exports.codatest.invalid/DOC_EXPORT_RENDERING/elsewhere", rest.CodeRedirect},
		{"http://127.0.0.1/x?X-Amz-Signature=1", rest.CodeRedirect},
		{codatest.DefaultDownloads + "/DOC_EXPORT_RENDERING/again", rest.CodeRedirect},
		{"https://bad[host/?X-Amz-Signature=1", rest.CodeUnreachable},
		{"/%zz?X-Amz-Signature=1", rest.CodeUnreachable},
	} {
		t.Run(test.location, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, small(), codatest.Options{}, coda.Options{MaxRetries: rest.NoRetries})
				again := codatest.DefaultDownloads + "/DOC_EXPORT_RENDERING/again"
				s.api.Fail(codatest.Fault{Path: ".*/again", Status: 307, Header: http.Header{"Location": {again}}})
				s.api.Fail(codatest.Fault{Path: ".*/elsewhere", Status: 200, Body: "moved\n"})
				s.api.Fail(codatest.Fault{Path: downloadPath, Status: 307, Header: http.Header{"Location": {test.location}}})
				got, err := s.ExportPage(t.Context(), doc, page, coda.Markdown)
				if test.code != "" {
					fails(t, err, test.code)
				} else if err != nil || string(got) != "moved\n" {
					t.Errorf("got %q, %v", got, err)
				}
				for _, r := range s.api.Requests() {
					if r.Host == "127.0.0.1" {
						t.Errorf("a request went to %s", r.Host)
					}
				}
			})
		})
	}
}

// The link is a secret, and net/http puts it into the Referer of the request it redirects.
func TestARedirectedDownloadHasNoReferer(t *testing.T) {
	var referers []string
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		referers = append(referers, r.Header.Get("Referer"))
		fmt.Fprint(w, "moved\n")
	}))
	defer target.Close()
	s := onSockets(t, coda.Options{Unlimited: true})
	s.api.Fail(codatest.Fault{Path: downloadPath, Status: 307, Header: http.Header{"Location": {target.URL}}})
	got, err := s.ExportPage(t.Context(), doc, page, coda.Markdown)
	if err != nil || string(got) != "moved\n" || !slices.Equal(referers, []string{""}) {
		t.Errorf("got %q, %v, Referer %q", got, err, referers)
	}
}
