package codasend_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/edit/outbox"
	"github.com/codafs/codafs/fs/render"
	"github.com/codafs/codafs/fs/source/codadocs/codasend"
)

const doc, grid = "Wr1te_-abc", "grid-Write"

// things is a table of six rows with a name and a number.
func things() *codatest.Workspace {
	t := &codatest.Table{ID: grid, Name: "Things", Columns: []*codatest.Column{
		{ID: "c-name", Name: "Name", Format: codatest.Format{Type: "text"}}, {ID: "c-n", Name: "N", Format: codatest.Format{Type: "number"}}}}
	for i := range 6 {
		t.Rows = append(t.Rows, &codatest.Row{ID: fmt.Sprintf("i-%d", i), CreatedAt: time.Date(1999, 1, 1, 0, 0, i, 0, time.UTC),
			Cells: map[string]codatest.Value{"c-name": codatest.Text(fmt.Sprint("old ", i)), "c-n": codatest.Number("1")}})
	}
	return &codatest.Workspace{ID: "ws-1", Name: "W", User: codatest.Person{Name: "Ann", Email: "ann@example.com"},
		Folders: []*codatest.Folder{{ID: "fl-1", Name: "F"}}, Docs: []*codatest.Doc{{ID: doc, Name: "Writes", Tables: []*codatest.Table{t}}}}
}

var object = outbox.Object{Doc: doc, ID: grid, Kind: "rows", Title: "Things"}

// world is a service, its client, and an outbox.
type world struct {
	server  *codatest.Server
	service *codasend.Service
	dir     string
}

func newWorld(t *testing.T, o codatest.Options) *world {
	t.Helper()
	s := codatest.New(things(), o)
	client := func(latest bool) *coda.Client {
		c, err := coda.New(coda.Options{Token: "token", Transport: s.RoundTripper(), Unlimited: true, StrictLatest: latest, MaxRetries: -1})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := client(false)
	return &world{s, &codasend.Service{Reads: c, Latest: client(true), Writes: c}, t.TempDir()}
}

func (w *world) rows(t *testing.T) (table edit.Table, rows []edit.Row) {
	t.Helper()
	table, rows, err := w.service.Read(t.Context(), object, false)
	if err != nil {
		t.Fatal(err)
	}
	return table, rows
}

// plan makes a plan of a file, given without the header.
func (w *world) plan(t *testing.T, lines string) *outbox.Plan {
	t.Helper()
	sheet, err := render.ParseSheet([]byte("_row_id,Name,N\n" + lines))
	if err != nil {
		t.Fatal(err)
	}
	table, rows := w.rows(t)
	seen := map[string]edit.Row{}
	for _, r := range rows {
		seen[r.Key] = r
	}
	c, err := edit.Diff(table, sheet, func(yield func(edit.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}, edit.Options{Base: func(key, _ string) ([]string, bool) { return seen[key].Cells, true }})
	if err != nil || len(c.Problems) > 0 || len(c.Held) > 0 {
		t.Fatal(err, c)
	}
	p := &outbox.Plan{Schema: outbox.Schema, ID: outbox.NewID(), Made: time.Now().UTC(), Object: object, File: "/f.csv", Changes: *c, Rows: map[string]outbox.Kept{}}
	for _, r := range rows {
		p.Rows[r.Key] = outbox.Keep(table, r)
	}
	return p
}

type killed struct{}

// run works the outbox as a new process would, and is killed at the n-th point; -1 is never. p is begun if it is not nil. It
// reports whether it was killed.
func (w *world) run(t *testing.T, p *outbox.Plan, n int) (dead bool) {
	box, err := outbox.Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	release, err := box.Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	defer func() {
		if r := recover(); r != nil {
			if _, ours := r.(killed); !ours {
				panic(r)
			}
			dead = true
		}
	}()
	at := 0
	s := &outbox.Sender{Service: w.service, Crash: func(string) {
		if at++; at == n+1 {
			panic(killed{})
		}
	}}
	jobs, err := box.Jobs()
	if err != nil {
		t.Fatal(err)
	}
	if p != nil && len(jobs) == 0 {
		j, err := box.Begin(p)
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, j)
	}
	for _, j := range jobs {
		_ = s.Run(t.Context(), j, jobs) // what it could not do waits
	}
	return false
}

// check compares what the service has in the end with what the outbox says of each edit.
func (w *world) check(t *testing.T, what string) {
	t.Helper()
	box, err := outbox.Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := box.Jobs()
	if err != nil {
		t.Fatal(err)
	}
	_, rows := w.rows(t)
	count := func(name string) (n int) {
		for _, r := range rows {
			if slices.Contains(r.Cells, name) {
				n++
			}
		}
		return n
	}
	for _, j := range jobs {
		for i, e := range j.Edits {
			f, want := j.Fates[i], 1
			name := ""
			if e.Op != edit.Delete {
				name = e.Cells[0].Wish
			} else {
				want = 0
				name = j.Rows[e.Key].Cells["c-name"]
			}
			n := count(name)
			switch {
			case e.Op == edit.Insert && n > 1:
				t.Errorf("%s: %q is there %d times", what, name, n)
			case f.Status == outbox.Seen && n != want:
				t.Errorf("%s: %q is said to be seen, and is there %d times, want %d", what, name, n, want)
			case !f.Status.Over() && !f.Status.Unclear() && f.Status != outbox.Held:
				t.Errorf("%s: %s %q is %s in the end", what, e.Op, name, f.Status)
			}
		}
	}
	posts := w.server.Count(func(r codatest.Request) bool { return r.Method == "POST" })
	if posts > 1 {
		t.Errorf("%s: %d inserts were sent, want 1 at most", what, posts)
	}
}

// halfLine leaves what a program leaves that is killed while it writes a step: a line without an end, of every length.
func (w *world) halfLine(t *testing.T, p *outbox.Plan, n int) {
	line := []byte(`{"at":"2026-12-01T00:00:00Z","status":"planned","edits":[0,1,2,3,4]}`)
	f, err := os.OpenFile(w.dir+"/jobs/"+p.ID+".jsonl", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(line[:n*7%(len(line)+1)]); err != nil {
		t.Fatal(err)
	}
}

const wish = "i-0,new 0,1\ni-1,new 1,1\ni-2,old 2,1\n,ins a,1\n,ins b,2\n,ins a2,1\n"

// A program that is killed anywhere loses no write and sends none twice, whatever the service does meanwhile.
func TestAKillAtAnyPointLosesAndDoublesNothing(t *testing.T) {
	stride := 4 // a sample of the points; all of them in a soak
	if os.Getenv("CODAFS_SOAK") != "" {
		stride = 1
	}
	for name, o := range map[string]func(*rand.Rand) codatest.Options{
		"at once": func(*rand.Rand) codatest.Options { return codatest.Options{} },
		"slow, in any order": func(r *rand.Rand) codatest.Options {
			return codatest.Options{WriteTimes: func(string, string) time.Duration { return time.Duration(r.IntN(60)) * time.Second }}
		},
		"reads lag": func(r *rand.Rand) codatest.Options {
			return codatest.Options{WriteTime: 20 * time.Second, Lag: func(string, string) time.Duration { return time.Duration(r.IntN(90)) * time.Second }}
		},
	} {
		for _, lost := range []codatest.Kind{"", codatest.Reset, codatest.Unheard} {
			what := fmt.Sprintf("%s, lost %q", name, lost)
			points := 0
			first := rand.IntN(stride)
			for n := first; ; n += stride {
				dead := false
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, o(rand.New(rand.NewPCG(1, uint64(n)))))
					p := w.plan(t, wish)
					if lost != "" {
						w.server.Fail(codatest.Fault{Method: "POST|PUT", Kind: lost, Times: 1})
						w.server.Fail(codatest.Fault{Method: "POST", Kind: lost, Times: 1})
						w.server.Fail(codatest.Fault{Method: "PUT", Kind: lost, Times: 1})
					}
					dead = w.run(t, p, n)
					w.halfLine(t, p, n)
					for range 4 {
						time.Sleep(3 * time.Minute)
						w.run(t, p, -1)
					}
					w.check(t, fmt.Sprintf("%s, killed at point %d", what, n))
				})
				if !dead {
					break
				}
				points += stride
			}
			if points < 12 {
				t.Errorf("%s: only %d points", what, points)
			}
		}
	}
}
