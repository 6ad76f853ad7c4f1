package main

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// A request is one kind of request that a snapshot sends.
type request struct {
	name         string
	method, path string   // path is a regular expression, as in [codatest.Fault]
	second       bool     // it is the one for a list's second page
	docs         []string // what --doc names
	// lost is what the snapshot lacks without a good answer. None: there is not a snapshot at all.
	lost []loss
	// optional: the snapshot of a user who may not see it is whole, with a warning.
	optional bool
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
	risksFile = launchDir + "pages/Plan__" + planPage + "/Risks__" + risksPage + ".md"
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
	permissions  = "permissions"
)

// requests are all kinds of request that a snapshot sends; wantKnown fails for one that is missing.
var requests = twice([]request{
	{name: "docs", path: "/docs"},
	{name: "pages", path: "/docs/" + launchDoc + "/pages",
		lost: []loss{{fs.KindPages, launchDoc, launchDir + "pages.json", launchDir + "pages"}}},
	{name: "tables", path: "/docs/" + launchDoc + "/tables", restamped: launchDir + "pages/",
		lost: []loss{{fs.KindTables, launchDoc, launchDir + "tables.json", launchDir + "tables"}}},
	{name: "columns", path: "/docs/" + launchDoc + "/tables/" + tasksTable + "/columns", restamped: launchDir + "pages/",
		lost: []loss{one(fs.KindColumns, tasksTable, tasksStem+".columns.json"), one(fs.KindRows, tasksTable, tasksStem+".csv")}},
	{name: "rows", path: "/docs/" + launchDoc + "/tables/" + tasksTable + "/rows",
		lost: []loss{one(fs.KindRows, tasksTable, tasksStem+".csv")}},
	{name: "rows of a view", path: "/docs/" + launchDoc + "/tables/" + openView + "/rows",
		lost: []loss{one(fs.KindRows, openView, openStem+".csv")}},
	{name: "formulas", path: "/docs/" + launchDoc + "/formulas", optional: true,
		lost: []loss{one(fs.KindFormulas, launchDoc, launchDir+"formulas.json")}},
	{name: "controls", path: "/docs/" + launchDoc + "/controls", optional: true,
		lost: []loss{one(fs.KindControls, launchDoc, launchDir+"controls.json")}},
	{name: permissions, path: "/docs/" + launchDoc + "/acl/permissions", optional: true,
		lost: []loss{one(fs.KindPermissions, launchDoc, launchDir+"permissions.json")}},
}, []request{
	{name: "whoami", path: "/whoami"},
	{name: getDoc, path: "/docs/" + launchDoc, docs: []string{launchDoc, notesDoc},
		lost: []loss{{fs.KindDoc, launchDoc, "", launchDir}}},
	{name: "a table", path: "/docs/" + launchDoc + "/tables/" + tasksTable, restamped: launchDir,
		lost: []loss{one(fs.KindTable, tasksTable, tasksStem+".table.json"),
			one(fs.KindColumns, tasksTable, tasksStem+".columns.json"), one(fs.KindRows, tasksTable, tasksStem+".csv")}},
	{name: "a view", path: "/docs/" + launchDoc + "/tables/" + openView, restamped: launchDir,
		lost: []loss{one(fs.KindTable, openView, openStem+".table.json"),
			one(fs.KindColumns, openView, openStem+".columns.json"), one(fs.KindRows, openView, openStem+".csv")}},
	{name: "a formula", path: "/docs/" + launchDoc + "/formulas/" + daysLeft,
		lost: []loss{one(fs.KindFormulas, launchDoc, launchDir+"formulas.json")}},
	{name: "a control", path: "/docs/" + launchDoc + "/controls/" + quarter,
		lost: []loss{one(fs.KindControls, launchDoc, launchDir+"controls.json")}},
	{name: startExport, method: "POST", path: "/docs/" + launchDoc + "/pages/" + risksPage + "/export",
		lost: []loss{one(fs.KindPage, risksPage, risksFile)}},
	{name: exportStatus, path: "/docs/" + launchDoc + "/pages/" + risksPage + "/export/[^/]+",
		lost: []loss{one(fs.KindPage, risksPage, risksFile)}},
	{name: download, path: "/DOC_EXPORT_RENDERING/" + risksPage + "/" + launchDoc,
		lost: []loss{one(fs.KindPage, risksPage, risksFile)}},
})

// twice gives the first and the second page of each list, and then the rest.
func twice(lists, rest []request) (all []request) {
	for _, r := range lists {
		all = append(all, r)
		r.name, r.second = r.name+", second page", true
		all = append(all, r)
	}
	return append(all, rest...)
}

// A fault is one way in which an answer goes wrong.
type fault struct {
	name string
	codatest.Fault
	// code is the failure's where there is no better answer; "" for an answer that is good in the end.
	code rest.Code
	// again: the request is sent again, so that a fault that strikes once costs only time.
	again bool
	// costs is how much time one such answer may cost, beside the usual wait before the next.
	costs time.Duration
	// at is the only request that can meet it; "" are all.
	at string
}

// secondPages stands for all requests for a second page.
const secondPages = "second pages"

// refusal reports whether the service has said no, and would again.
func (f fault) refusal() bool { return f.Status/100 == 4 && !f.again }

var faults = []fault{
	{name: "429", Fault: codatest.Fault{Status: 429}, code: rest.CodeRateLimited, again: true},
	{name: "429 with Retry-After", Fault: codatest.Fault{Status: 429, Header: http.Header{"Retry-After": {"17"}}},
		code: rest.CodeRateLimited, again: true, costs: 17 * time.Second},
	{name: "408", Fault: codatest.Fault{Status: 408}, code: rest.CodeServerError, again: true},
	{name: "page token refused", Fault: codatest.Fault{Status: 400}, at: secondPages},
	{name: "500", Fault: codatest.Fault{Status: 500}, code: rest.CodeServerError, again: true},
	{name: "502", Fault: codatest.Fault{Status: 502}, code: rest.CodeServerError, again: true},
	{name: "503", Fault: codatest.Fault{Status: 503}, code: rest.CodeServerError, again: true},
	{name: "504", Fault: codatest.Fault{Status: 504}, code: rest.CodeServerError, again: true},
	{name: "reset", Fault: codatest.Fault{Kind: codatest.Reset}, code: rest.CodeUnreachable, again: true},
	{name: "reset in the body", Fault: codatest.Fault{Kind: codatest.ResetBody}, code: rest.CodeUnreachable, again: true},
	{name: "truncated", Fault: codatest.Fault{Kind: codatest.Truncated}, code: rest.CodeUnreachable, again: true},
	{name: "slow body", Fault: codatest.Fault{Kind: codatest.SlowBody, Delay: time.Minute}, costs: time.Minute},
	{name: "silence in the body", Fault: codatest.Fault{Kind: codatest.SlowBody, Delay: time.Hour},
		code: rest.CodeUnreachable, again: true, costs: 2 * time.Minute},
	{name: "bad JSON", Fault: codatest.Fault{Kind: codatest.BadJSON}, code: rest.CodeBadAnswer, again: true},
	{name: "HTML with status 200", Fault: codatest.Fault{Kind: codatest.HTML}, code: rest.CodeBadAnswer, again: true},
	{name: "an error with status 200", Fault: codatest.Fault{Kind: codatest.Changed, Change: codatest.With(0, "application/json",
		`{"statusCode":503,"statusMessage":"Service Unavailable","message":"Service Unavailable"}`)}, code: rest.CodeBadAnswer, again: true},
	{name: "206", Fault: codatest.Fault{Kind: codatest.Changed, Change: func(a *codatest.Answer) { a.Status = 206 }},
		code: rest.CodeBadAnswer, again: true},
	{name: "gzip that nobody tells", Fault: codatest.Fault{Kind: codatest.Changed, Change: codatest.Encoded("", "gzip")}},
	{name: "redirect to another host", Fault: codatest.Fault{Status: 302, Header: http.Header{"Location": {"https://" + elsewhere + "/x"}}},
		code: rest.CodeRedirect},
	{name: "401", Fault: codatest.Fault{Status: 401}, code: rest.CodeUnauthorized},
	{name: "403", Fault: codatest.Fault{Status: 403}, code: rest.CodeForbidden},
	{name: "404", Fault: codatest.Fault{Status: 404}, code: rest.CodeNotFound},
	{name: "410", Fault: codatest.Fault{Status: 410}, code: rest.CodeGone},
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
// another statement.
func pairs() (all []pair) {
	lasting := []string{"429", "503", "HTML with status 200", "stuck export"}
	for _, r := range requests {
		for _, f := range faults {
			if f.at != "" && f.at != r.name && !(f.at == secondPages && r.second) {
				continue
			}
			if r.name == startExport && f.Status == http.StatusForbidden {
				continue // the answer to a read-only token: not a fault
			}
			all = append(all, pair{r, f, false})
			// Once, these two are no failure.
			expired := r.name == download && f.refusal()
			unknown := r.name == exportStatus && f.Status == http.StatusNotFound
			if slices.Contains(lasting, f.name) || expired || unknown {
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
	code rest.Code
	// leftOut: what is lost is missing, which is a warning and no failure.
	leftOut bool
}

// want states the rules.
func (p pair) want() outcome {
	switch p.request.name {
	case getDoc:
		if p.refusal() && p.Status != http.StatusUnauthorized {
			return outcome{} // what may be an id may be a name as well: the doc is in the list
		}
	case exportStatus:
		if p.Status == http.StatusNotFound { // its id is not everywhere yet
			if !p.lasting {
				return outcome{}
			}
			return outcome{exit: format.ExitGaps, code: coda.CodeExportFailed}
		}
	case download:
		// The storage knows no token. What it refuses is a link that has expired, and it may send on
		// to another host.
		if !p.lasting {
			return outcome{}
		}
		if p.refusal() {
			return outcome{exit: format.ExitGaps, code: coda.CodeExportFailed}
		}
	}
	switch {
	case p.optional && p.code == rest.CodeForbidden, p.forScopedToken():
		return outcome{leftOut: true}
	case p.code == "" || p.again && !p.lasting:
		return outcome{}
	case p.code == rest.CodeUnauthorized:
		return outcome{exit: format.ExitRefused}
	case len(p.lost) == 0:
		return outcome{exit: format.ExitFailed}
	}
	return outcome{exit: format.ExitGaps, code: p.code}
}

// forScopedToken reports whether this is how the service answers a token for single docs, which
// is good for all the rest.
func (p pair) forScopedToken() bool {
	return strings.HasPrefix(p.request.name, permissions) && p.code == rest.CodeUnauthorized
}

// strike is what the service is told.
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
