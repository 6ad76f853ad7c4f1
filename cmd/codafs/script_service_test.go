package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/codatest/openapitest"
	"github.com/rogpeppe/go-internal/testscript"
)

// The commands of the scripts that are about the service.

func serveCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: serve sample|pictures|hostile|calendar|generated|pinned [KEY=VALUE...]")
	}
	o := codatest.Options{Token: scriptToken}
	var docs, pages, tables, rows int
	numbers := map[string]*int{"page-size": &o.PageSize, "docs": &docs, "pages": &pages, "tables": &tables, "rows": &rows}
	for _, arg := range args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		var err error
		switch number := numbers[key]; {
		case key == "latency":
			o.Latency, err = time.ParseDuration(value)
		case key == "write-time":
			o.WriteTime, err = time.ParseDuration(value)
		case key == "behind":
			var behind time.Duration
			behind, err = time.ParseDuration(value)
			o.Now = func() time.Time { return time.Now().Add(-behind) }
		case number != nil:
			*number, err = strconv.Atoi(value)
		default:
			ts.Fatalf("serve: no key %q", key)
		}
		ts.Check(err)
	}
	s := sessionOf(ts)
	switch args[0] {
	case "sample":
		s.workspace = codatest.Sample()
	case "pictures":
		s.workspace = codatest.Pictures()
	case "hostile":
		s.workspace = codatest.Hostile()
	case "calendar": // the day is 2026-06-01 until there is a tomorrow
		s.workspace = codatest.Calendar("Today()")
		o.Now = func() time.Time {
			return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, int(s.days.Load()))
		}
	case "generated":
		s.workspace = codatest.Generate(4, docs, pages, tables, rows)
	case "pinned":
		s.workspace = pinnedWorkspace()
		s.servePinned(ts)
		return
	default:
		ts.Fatalf("serve: no workspace %q", args[0])
	}
	s.serve(ts, o)
}

// serve starts the service on two sockets: its downloads are on a host of their own.
func (s *session) serve(ts *testscript.TestScript, o codatest.Options) {
	downloads, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	o.Downloads = "http://" + downloads.Addr().String()
	blobs, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	o.Blobs = "http://" + blobs.Addr().String()
	s.service = codatest.New(s.workspace, o)
	handler := openapitest.Wrap(s.t, s.service)
	api := httptest.NewServer(handler)
	files := &http.Server{Handler: handler}
	go func() { _ = files.Serve(downloads) }()
	go func() { _ = files.Serve(blobs) }()
	ts.Defer(func() { api.CloseClientConnections(); api.Close(); _ = files.Close() })
	ts.Setenv("CODAFS_API_URL", api.URL+codatest.Base)
	ts.Setenv("CODA_API_TOKEN", scriptToken)
}

// editCmd is what a user does to the workspace. A cell is named by the number of its row, from 0,
// and the name of its column.
func editCmd(ts *testscript.TestScript, neg bool, args []string) {
	kinds := map[string]struct {
		usage string
		edit  func(w *codatest.Workspace, doc, object string, args []string)
	}{
		"page": {"TEXT", func(w *codatest.Workspace, doc, page string, args []string) {
			w.SetPageBody(doc, page, args[0]+"\n")
		}},
		"compute-page": {"TEXT", func(w *codatest.Workspace, doc, page string, args []string) { // a formula in it: no stamp moves
			w.Recompute(doc, func(d *codatest.Doc) {
				d.Pages[slices.IndexFunc(d.Pages, func(p *codatest.Page) bool { return p.ID == page })].Body = args[0] + "\n"
			})
		}},
		"rename": {"NAME", func(w *codatest.Workspace, doc, page string, args []string) {
			w.RenamePage(doc, page, args[0])
		}},
		"add-page": {"NAME", func(w *codatest.Workspace, doc, page string, args []string) {
			w.AddPage(doc, &codatest.Page{ID: page, Name: args[0], Body: "# " + args[0] + "\n"})
		}},
		"show": {"BLOB", func(w *codatest.Workspace, doc, page string, args []string) { // a new image, on a page that shows nothing else then
			w.AddBlob(doc, &codatest.Blob{ID: args[0], Name: "new.png", Type: "image/png", Content: codatest.Noise(9, 1000)})
			w.SetPageBody(doc, page, "![new](blob:"+args[0]+")\n")
		}},
		"remove-page": {"", func(w *codatest.Workspace, doc, page string, _ []string) {
			w.RemovePage(doc, page)
		}},
		"remove-table": {"", func(w *codatest.Workspace, doc, table string, _ []string) {
			w.RemoveTable(doc, table)
		}},
		"remove-doc": {"", func(w *codatest.Workspace, doc, _ string, _ []string) { w.RemoveDoc(doc) }},
		"miscount": {"N", func(w *codatest.Workspace, doc, table string, args []string) {
			n, err := strconv.Atoi(args[0])
			ts.Check(err)
			w.EditTable(doc, table, func(t *codatest.Table, _ time.Time) { t.CountOff = n })
		}},
		"cell": {"ROW COLUMN TEXT", func(w *codatest.Workspace, doc, table string, args []string) {
			row, column := cellOf(ts, w, doc, table, args[0], args[1])
			w.SetCell(doc, table, row, column, codatest.Text(args[2]))
		}},
		// Of two who have access to the doc each gets the other's right. No stamp tells, nor does the size of the list.
		"access": {"", func(w *codatest.Workspace, doc, _ string, _ []string) {
			w.Recompute(doc, func(d *codatest.Doc) {
				a, b := d.Permissions[0], d.Permissions[1]
				a.Access, b.Access = b.Access, a.Access
			})
		}},
	}
	if neg || len(args) < 3 {
		ts.Fatalf("usage: edit KIND DOC OBJECT ARG...")
	}
	k, ok := kinds[args[0]]
	if !ok || len(args) != 3+len(strings.Fields(k.usage)) {
		ts.Fatalf("usage: edit %s DOC OBJECT %s", args[0], k.usage)
	}
	k.edit(sessionOf(ts).workspace, args[1], args[2], args[3:])
}

// cellOf gives the ids of a row and a column.
func cellOf(ts *testscript.TestScript, w *codatest.Workspace, docID, tableID, number, name string) (row, column string) {
	d := slices.IndexFunc(w.Docs, func(d *codatest.Doc) bool { return d.ID == docID })
	tables := w.Docs[d].Tables
	t := tables[slices.IndexFunc(tables, func(t *codatest.Table) bool { return t.ID == tableID })]
	c := slices.IndexFunc(t.Columns, func(c *codatest.Column) bool { return c.Name == name })
	i, err := strconv.Atoi(number)
	ts.Check(err)
	return t.Rows[i].ID, t.Columns[c].ID
}

func faultCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: fault METHOD PATH KIND [TIMES [DELAY]]")
	}
	kind, body, _ := strings.Cut(args[2], "=")
	f := codatest.Fault{Method: args[0], Path: args[1], Kind: codatest.Kind(kind), Body: body}
	if status, err := strconv.Atoi(args[2]); err == nil {
		f.Kind, f.Status = codatest.Status, status
	}
	var err error
	if len(args) > 3 {
		f.Times, err = strconv.Atoi(args[3])
		ts.Check(err)
	}
	if len(args) > 4 {
		f.Delay, err = time.ParseDuration(args[4])
		ts.Check(err)
	}
	if f.Status/100 == 3 {
		f.Header = http.Header{"Location": {"https://elsewhere.invalid/"}}
	}
	sessionOf(ts).service.Fail(f)
}

// tomorrowCmd moves the clock of the service, and no stamp.
func tomorrowCmd(ts *testscript.TestScript, _ bool, _ []string) { sessionOf(ts).days.Add(1) }

func healCmd(ts *testscript.TestScript, _ bool, _ []string) { sessionOf(ts).service.Heal() }

func sentCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: sent METHOD PATH N")
	}
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	if got := sessionOf(ts).sent(args[0], args[1]); got != want {
		ts.Fatalf("%s %s was sent %d times, want %d", args[0], args[1], got, want)
	}
}

// sent counts the requests since the last recount.
func (s *session) sent(method, path string) (n int) {
	match := regexp.MustCompile("^" + path + "$").MatchString
	for _, r := range s.service.Requests()[s.counted:] {
		if r.Method == method && match(r.Path) {
			n++
		}
	}
	return n
}

func askedCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: asked METHOD PATH")
	}
	for started := time.Now(); sessionOf(ts).sent(args[0], args[1]) == 0; time.Sleep(pollTime) {
		if time.Since(started) > endTime {
			ts.Fatalf("%s %s did not come", args[0], args[1])
		}
	}
}

func recountCmd(ts *testscript.TestScript, _ bool, _ []string) {
	s := sessionOf(ts)
	s.counted = s.service.Count(nil)
}

func answeredCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: answered N")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := sessionOf(ts).service.Count(func(r codatest.Request) bool { return r.Status != 0 })
	if got != want {
		ts.Fatalf("%d requests were answered, want %d", got, want)
	}
}
