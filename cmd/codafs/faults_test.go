package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
)

// A request is one kind of request that a snapshot sends.
type request struct {
	name         string
	method, path string   // path is a regular expression, as in [codatest.Fault]
	second       bool     // it is the one for a list's second page
	docs         []string // what --doc names
	// lost is what the snapshot lacks without a good answer. None: there is no snapshot at all.
	lost []loss
	// restamped is the files whose version has the doc's stamp in it where the answer is missing.
	restamped string
}

// A loss is one failure that the manifest names, and the start of the paths that are not there.
type loss struct {
	kind   fs.Kind
	object string
	path   string
	files  string
}

const (
	launchDir = "docs/Launch hub__" + launchDoc + "/"
	planFile  = launchDir + "pages/Plan__" + planPage + ".md"
	tasksStem = launchDir + "tables/table/Plan__Tasks__" + tasksTable
	openStem  = launchDir + "tables/view/Plan__Open tasks__" + openView
)

// one is the loss of one file.
func one(kind fs.Kind, object, path string) loss { return loss{kind, object, path, path} }

// Names of the requests with rules of their own.
const (
	getDoc       = "the doc of --doc"
	startExport  = "an export's start"
	exportStatus = "an export's status"
	download     = "a download"
)

// requests are all kinds of request that a snapshot sends; wantKnown fails for one that is missing.
var requests = twice([]request{
	{name: "whoami", path: "/whoami"},
	{name: "docs", path: "/docs"},
	{name: "pages", path: "/docs/" + launchDoc + "/pages",
		lost: []loss{{fs.KindPages, launchDoc, launchDir + "pages.json", launchDir + "pages"}}},
	{name: "tables", path: "/docs/" + launchDoc + "/tables", restamped: launchDir + "pages/",
		lost: []loss{{fs.KindTables, launchDoc, launchDir + "tables.json", launchDir + "tables"}}},
	{name: "columns", path: "/docs/" + launchDoc + "/tables/" + tasksTable + "/columns",
		lost: []loss{one(fs.KindColumns, tasksTable, tasksStem+".columns.json"), one(fs.KindRows, tasksTable, tasksStem+".csv")}},
	{name: "rows", path: "/docs/" + launchDoc + "/tables/" + tasksTable + "/rows",
		lost: []loss{one(fs.KindRows, tasksTable, tasksStem+".csv")}},
	{name: "rows of a view", path: "/docs/" + launchDoc + "/tables/" + openView + "/rows",
		lost: []loss{one(fs.KindRows, openView, openStem+".csv")}},
}, []request{
	{name: getDoc, path: "/docs/" + launchDoc, docs: []string{launchDoc, notesDoc},
		lost: []loss{{fs.KindDoc, launchDoc, "", launchDir}}},
	{name: "a table", path: "/docs/" + launchDoc + "/tables/" + tasksTable, restamped: launchDir,
		lost: []loss{one(fs.KindTable, tasksTable, tasksStem+".table.json"),
			one(fs.KindColumns, tasksTable, tasksStem+".columns.json"), one(fs.KindRows, tasksTable, tasksStem+".csv")}},
	{name: "a view", path: "/docs/" + launchDoc + "/tables/" + openView, restamped: launchDir,
		lost: []loss{one(fs.KindTable, openView, openStem+".table.json"),
			one(fs.KindColumns, openView, openStem+".columns.json"), one(fs.KindRows, openView, openStem+".csv")}},
	{name: startExport, method: "POST", path: "/docs/" + launchDoc + "/pages/" + planPage + "/export",
		lost: []loss{one(fs.KindPage, planPage, planFile)}},
	{name: exportStatus, path: "/docs/" + launchDoc + "/pages/" + planPage + "/export/[^/]+",
		lost: []loss{one(fs.KindPage, planPage, planFile)}},
	{name: download, path: "/DOC_EXPORT_RENDERING/" + planPage + "/" + launchDoc,
		lost: []loss{one(fs.KindPage, planPage, planFile)}},
})

// twice gives each list's first and second page, whoami alone once, and then the rest.
func twice(lists, rest []request) (all []request) {
	for _, r := range lists {
		all = append(all, r)
		if r.name != "whoami" {
			r.name, r.second = r.name+", second page", true
			all = append(all, r)
		}
	}
	return append(all, rest...)
}

// A fault is one way in which an answer goes wrong.
type fault struct {
	name string
	codatest.Fault
	// code is the failure's where there is no better answer; "" for one that is none.
	code coda.Code
	// again: the request is sent again, so that a fault that strikes once costs only time.
	again bool
	// costs is how much time one such answer may cost, beside the usual wait before the next.
	costs time.Duration
	// at is the only request that can meet it; "" are all.
	at string
}

const secondPages = "second pages"

var faults = []fault{
	{name: "429", Fault: codatest.Fault{Status: 429}, code: coda.CodeRateLimited, again: true},
	{name: "429 with Retry-After", Fault: codatest.Fault{Status: 429, Header: http.Header{"Retry-After": {"17"}}},
		code: coda.CodeRateLimited, again: true, costs: 17 * time.Second},
	{name: "500", Fault: codatest.Fault{Status: 500}, code: coda.CodeServerError, again: true},
	{name: "502", Fault: codatest.Fault{Status: 502}, code: coda.CodeServerError, again: true},
	{name: "503", Fault: codatest.Fault{Status: 503}, code: coda.CodeServerError, again: true},
	{name: "504", Fault: codatest.Fault{Status: 504}, code: coda.CodeServerError, again: true},
	{name: "reset", Fault: codatest.Fault{Kind: codatest.Reset}, code: coda.CodeUnreachable, again: true},
	{name: "reset in the body", Fault: codatest.Fault{Kind: codatest.ResetBody}, code: coda.CodeUnreachable, again: true},
	{name: "truncated", Fault: codatest.Fault{Kind: codatest.Truncated}, code: coda.CodeUnreachable, again: true},
	{name: "slow body", Fault: codatest.Fault{Kind: codatest.SlowBody, Delay: time.Minute}, again: true, costs: time.Minute},
	{name: "silence in the body", Fault: codatest.Fault{Kind: codatest.SlowBody, Delay: time.Hour},
		code: coda.CodeUnreachable, again: true, costs: 2 * time.Minute},
	{name: "bad JSON", Fault: codatest.Fault{Kind: codatest.BadJSON}, code: coda.CodeBadAnswer, again: true},
	{name: "HTML with status 200", Fault: codatest.Fault{Kind: codatest.HTML}, code: coda.CodeBadAnswer, again: true},
	{name: "redirect to another host", Fault: codatest.Fault{Status: 302, Header: http.Header{"Location": {"https://" + elsewhere + "/x"}}},
		code: coda.CodeRedirect},
	{name: "401", Fault: codatest.Fault{Status: 401}, code: coda.CodeUnauthorized},
	{name: "403", Fault: codatest.Fault{Status: 403}, code: coda.CodeForbidden},
	{name: "404", Fault: codatest.Fault{Status: 404}, code: coda.CodeNotFound},
	{name: "410", Fault: codatest.Fault{Status: 410}, code: coda.CodeGone},
	{name: "looping token", Fault: codatest.Fault{Kind: codatest.LoopingToken}, code: coda.CodePageTokenLoop, at: secondPages},
	{name: "stuck export", Fault: codatest.Fault{Kind: codatest.StuckExport}, code: coda.CodeExportTimeout, again: true,
		costs: 2 * time.Minute, at: exportStatus},
	{name: "failed export", Fault: codatest.Fault{Kind: codatest.FailedExport}, code: coda.CodeExportFailed, at: exportStatus},
}

const elsewhere = "elsewhere.invalid"

// A pair is a request that meets a fault: once, or each time it is sent.
type pair struct {
	request
	fault
	lasting bool
}

// pairs are all requests with all faults that they can meet, once; and lasting where that makes
// another statement: one fault for each code, at each request that is sent again for it.
func pairs() (all []pair) {
	lasting := []string{"429", "503", "reset", "HTML with status 200", "stuck export"}
	for _, r := range requests {
		for _, f := range faults {
			if f.at != "" && f.at != r.name && !(f.at == secondPages && r.second) {
				continue
			}
			if r.name == startExport && f.Status == http.StatusForbidden {
				continue // a token that may only read: not a fault
			}
			all = append(all, pair{r, f, false})
			expired := r.name == download && f.Status/100 == 4 || r.name == exportStatus && f.Status == http.StatusNotFound
			if slices.Contains(lasting, f.name) || expired && f.Status != http.StatusTooManyRequests {
				all = append(all, pair{r, f, true})
			}
		}
	}
	return all
}

func (p pair) String() string {
	often := "once"
	if p.lasting {
		often = "always"
	}
	return strings.Join([]string{p.request.name, p.fault.name, often}, "/")
}

// outcome is what must become of a pair: an exit code, and the code of the failures that a
// snapshot with gaps names.
type outcome struct {
	exit int
	code coda.Code
}

// want states the rules.
func (p pair) want() outcome {
	refused := p.Status/100 == 4 && p.Status != http.StatusTooManyRequests
	code := p.code
	switch p.request.name {
	case getDoc:
		if refused && p.Status != http.StatusUnauthorized {
			return outcome{} // what may be an id may be a name as well: the doc is in the list
		}
	case exportStatus:
		if p.Status == http.StatusNotFound { // its id is not everywhere yet
			if !p.lasting {
				return outcome{}
			}
			return outcome{snapshot.ExitGaps, coda.CodeExportFailed}
		}
	case download:
		// The storage knows no token. What it refuses is a link that has expired, and it may send on
		// to another host.
		if !p.lasting {
			return outcome{}
		}
		if refused {
			return outcome{snapshot.ExitGaps, coda.CodeExportFailed}
		}
	}
	switch {
	case !p.lasting && p.again:
		return outcome{}
	case code == coda.CodeUnauthorized:
		return outcome{snapshot.ExitRefused, ""}
	case len(p.lost) == 0:
		return outcome{snapshot.ExitFailed, ""}
	}
	return outcome{snapshot.ExitGaps, code}
}

// fault is what the service is told.
func (p pair) strike() codatest.Fault {
	f := p.Fault
	f.Method, f.Path = cmp.Or(p.method, "GET"), p.path
	if p.second {
		f.Skip = 1
	}
	if !p.lasting {
		f.Times = 1
	}
	return f
}

// maxTries is how often a request is sent with the default of --max-retries.
const maxTries = 7

// mayCost is how many requests and how much time a pair may cost beyond a run without faults.
func (p pair) mayCost(quiet backup) (requests int, took time.Duration) {
	const retried = 4 // the request; or an export's status and download, at the worst with its start
	const slack = 15 * time.Second
	if !p.lasting {
		requests, took = retried, p.costs+slack
	} else {
		// A list that did not come is asked for once more when the contents are read.
		const backoffs = 1 + 2 + 4 + 8 + 16 + 30 + 30 // the last for the others of the bucket
		requests, took = 2*maxTries, 2*(maxTries*p.costs+backoffs*time.Second)+slack
	}
	if c := p.want().code; c == coda.CodeNotFound || c == coda.CodeGone {
		requests += len(quiet.requests) // all is listed again, to see whether it was deleted
		took += quiet.took
	}
	return requests, took
}

// TestASnapshotMeetsEveryFaultAtEveryRequest: whatever one answer is, the snapshot is that of a
// run without faults; or it lacks just what that answer was for, and says so; or there is none.
func TestASnapshotMeetsEveryFaultAtEveryRequest(t *testing.T) {
	quiet := map[string]backup{}
	for _, docs := range [][]string{nil, {launchDoc, notesDoc}} {
		b := backUp(t, docs)
		if b.exit != 0 || len(b.failures) > 0 {
			t.Fatalf("without faults: exit code %d\n%s", b.exit, b.said)
		}
		wantKnown(t, b.requests)
		quiet[fmt.Sprint(docs)] = b
	}
	all := pairs()
	if len(all) < 150 {
		t.Errorf("%d pairs are too few", len(all))
	}
	var ran atomic.Int64
	t.Run("pair", func(t *testing.T) {
		for _, p := range all {
			t.Run(p.String(), func(t *testing.T) {
				t.Parallel()
				ran.Add(1)
				b := backUp(t, p.docs, p.strike())
				p.check(t, b, quiet[fmt.Sprint(p.docs)])
				if t.Failed() {
					t.Logf("%d requests, %v\n%s", len(b.requests), b.took, b.said)
				}
			})
		}
	})
	t.Logf("%d of %d pairs ran", ran.Load(), len(all))
}

func (p pair) check(t *testing.T, b, quiet backup) {
	want := p.want()
	if b.exit != want.exit {
		t.Errorf("exit code %d, want %d", b.exit, want.exit)
	}
	if sealed := want.exit == 0 || want.exit == snapshot.ExitGaps; b.sealed != sealed {
		t.Errorf("sealed: %v, want %v", b.sealed, sealed)
	} else if sealed {
		p.checkContent(t, want, b, quiet)
	}
	p.checkRequests(t, b, quiet)
}

// checkContent holds the snapshot against that of a run without faults.
func (p pair) checkContent(t *testing.T, want outcome, b, quiet backup) {
	lost := p.lost
	if want.exit == 0 {
		lost = nil
	}
	missing := func(path string) bool {
		return slices.ContainsFunc(lost, func(l loss) bool { return strings.HasPrefix(path, l.files) })
	}
	wantDocs, wantFiles := maps.Clone(quiet.docs), maps.Clone(quiet.files)
	maps.DeleteFunc(wantDocs, func(path, _ string) bool { return missing(path) })
	maps.DeleteFunc(wantFiles, func(path string, _ snapshot.File) bool { return missing(path) })
	if lost != nil && p.restamped != "" {
		unversion(wantFiles, p.restamped)
		unversion(b.files, p.restamped)
	}
	sameMaps(t, "docs/", b.docs, wantDocs, func(a, b string) bool { return a == b })
	sameMaps(t, "files[]", b.files, wantFiles, func(a, b snapshot.File) bool { return fmt.Sprint(asFields(a)) == fmt.Sprint(asFields(b)) })

	var got, named []string
	for _, f := range b.failures {
		got = append(got, fmt.Sprint(f.Kind, f.ObjectID, f.Path, f.Code))
	}
	for _, l := range lost {
		named = append(named, fmt.Sprint(l.kind, l.object, l.path, want.code))
	}
	slices.Sort(got)
	slices.Sort(named)
	if !slices.Equal(got, named) {
		t.Errorf("failures %q\nwant %q", got, named)
	}
}

// asFields gives f with its pointer followed.
func asFields(f snapshot.File) (snapshot.File, int64) {
	rows := int64(-1)
	if f.Rows != nil {
		rows, f.Rows = *f.Rows, nil
	}
	return f, rows
}

func unversion(files map[string]snapshot.File, below string) {
	for path, f := range files {
		if strings.HasPrefix(path, below) {
			f.Version = ""
			files[path] = f
		}
	}
}

func sameMaps[V any](t *testing.T, what string, got, want map[string]V, same func(a, b V) bool) {
	t.Helper()
	for path, v := range want {
		if w, ok := got[path]; !ok {
			t.Errorf("%s lacks %s", what, path)
		} else if !same(v, w) {
			t.Errorf("%s: %s is %.200q, want %.200q", what, path, fmt.Sprint(w), fmt.Sprint(v))
		}
	}
	for path := range got {
		if _, ok := want[path]; !ok {
			t.Errorf("%s has %s", what, path)
		}
	}
}

// checkRequests holds what was sent against the bounds, and looks for the token where it must not be.
func (p pair) checkRequests(t *testing.T, b, quiet backup) {
	requests, took := p.mayCost(quiet)
	if n := len(b.requests); n > len(quiet.requests)+requests {
		t.Errorf("%d requests, %d without faults; want at most %d more", n, len(quiet.requests), requests)
	}
	if b.took > quiet.took+took {
		t.Errorf("it took %v, %v without faults; want at most %v more", b.took, quiet.took, took)
	}
	path := regexp.MustCompile("^(?:" + p.path + ")$")
	var met []codatest.Request
	for _, r := range b.requests {
		if path.MatchString(r.Path) && r.Method == cmp.Or(p.method, "GET") {
			met = append(met, r)
		}
		api := r.Host == "coda.io"
		if r.Authorized != api {
			t.Errorf("%s %s%s: with the token: %v", r.Method, r.Host, r.Path, r.Authorized)
		}
		if !api && !r.Download && p.request.name != download {
			t.Errorf("%s %s%s was sent", r.Method, r.Host, r.Path)
		}
	}
	struck := p.strike().Skip
	if len(met) <= struck {
		t.Fatalf("the fault was not met: %v", met)
	}
	if p.Header.Get("Retry-After") != "" && met[struck+1].Time.Sub(met[struck].Time) < p.costs {
		t.Errorf("sent again after %v", met[struck+1].Time.Sub(met[struck].Time))
	}
}

// wantKnown fails for a request of a run without faults that is of no kind in requests.
func wantKnown(t *testing.T, sent []codatest.Request) {
	t.Helper()
	ids := strings.NewReplacer(launchDoc, "[^/]+", planPage, "[^/]+", tasksTable, "[^/]+", openView, "[^/]+")
	for _, s := range sent {
		known := slices.ContainsFunc(requests, func(r request) bool {
			path := regexp.MustCompile("^(?:" + ids.Replace(r.path) + ")$")
			return path.MatchString(s.Path) && s.Method == cmp.Or(r.method, "GET") && r.second == s.Query.Has("pageToken")
		})
		if !known {
			t.Errorf("%s %s (second page: %v) is missing among the requests that faults strike", s.Method, s.Path, s.Query.Has("pageToken"))
		}
	}
}
