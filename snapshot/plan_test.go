package snapshot_test

import (
	"errors"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
)

// cost is a service with two limits: exports are slower than reads.
var cost = snapshot.Cost{
	Requests: func(e fs.Entry, rows int64) map[string]int {
		switch e.Kind {
		case fs.KindPage:
			return map[string]int{"export": 1, "read": 1}
		case fs.KindRows:
			return map[string]int{"read": 1 + int(rows)/2}
		}
		return nil
	},
	PerMinute: map[string]float64{"export": 2, "read": 60},
}

func dryRun(t *testing.T, from snapshot.Origin, o snapshot.Options) snapshot.Plan {
	t.Helper()
	p, err := snapshot.DryRun(t.Context(), from, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wantPlan(t *testing.T, got, want snapshot.Plan) {
	t.Helper()
	if asJSON(got) != asJSON(want) {
		t.Errorf("plan %s\nwant %s", asJSON(got), asJSON(want))
	}
}

func TestADryRunTellsWhatARunWouldFetch(t *testing.T) {
	from, o := workspace(2), options(t)
	o.Cost = cost
	all := map[fs.Kind]int{"doc": 2, "pages": 2, "tables": 2, "page": 4, "rows": 4, "columns": 4, "table": 4}
	// 4 exports at 2 a minute take 2 minutes; 8 reads are done long before.
	fresh := snapshot.Plan{Docs: 2, Pages: 4, Tables: 2, Views: 2, Files: 22, Kinds: all, Fetch: all, BytesUnknown: 22,
		ByClass: map[string]int{"export": 4, "read": 8}, Estimate: snapshot.Estimate{Requests: 12, Minutes: 2}}
	wantPlan(t, dryRun(t, from, o), fresh)
	if _, err := os.Stat(o.Output); !errors.Is(err, os.ErrNotExist) || len(from.opened) != 0 {
		t.Errorf("it wrote or fetched: %v, %q", err, from.opened)
	}

	mustRun(t, from, o, 0)
	fresh.Requests, fresh.ByClass["read"] = 16, 12 // each table is known to have two rows, which take one more request
	fresh.Bytes, fresh.BytesUnknown = sizeOf(from, slices.Collect(maps.Keys(from.content))...), 0
	wantPlan(t, dryRun(t, from, o), fresh)

	edited := sizeOf(from, from.entries[3].Path, from.entries[5].Path) // as the last snapshot has them
	from.edit(from.entries[3].Path, "# Edited\n")
	from.edit(from.entries[5].Path, "a\n1\n")
	from.entries[16].Failure = &fs.Failure{Code: "server_error"}
	o.Incremental = true
	before := readTree(t, o.Output)
	some := maps.Clone(all)
	some["rows"]--
	wantPlan(t, dryRun(t, from, o), snapshot.Plan{Docs: 2, Pages: 4, Tables: 1, Views: 2, Files: 21, Missing: 1, Kinds: some,
		Fetch: map[fs.Kind]int{"page": 1, "rows": 1}, Bytes: edited, ByClass: map[string]int{"export": 1, "read": 3},
		Estimate: snapshot.Estimate{Requests: 4, Minutes: 0.5}})
	if after := readTree(t, o.Output); !maps.Equal(before, after) {
		t.Error("it changed the output folder")
	}
}

// sizeOf is how many bytes the files at some paths have.
func sizeOf(from *memory, paths ...string) (n int64) {
	for _, p := range paths {
		n += int64(len(from.content[p]))
	}
	return n
}

// What the service says of a table's rows goes before what the last snapshot has: the first plan
// of a large table is right.
func TestAPlanCountsTheRowsThatTheIndexSays(t *testing.T) {
	from, o := workspace(1), options(t)
	o.Cost = cost
	mustRun(t, from, o, 0)
	from.entries[5].Rows = 1000
	if p := dryRun(t, from, o); p.ByClass["read"] != 2+501+2 { // two pages, the table, its view of two rows
		t.Errorf("plan %s", asJSON(p))
	}
}

func TestADryRunCountsWhatAStoppedRunLeft(t *testing.T) {
	from, o := workspace(1), options(t)
	interrupted(t, from, o)
	o.Now = clockAt(day.Add(time.Hour))
	wantPlan(t, dryRun(t, from, o), snapshot.Plan{Docs: 1, Pages: 2, Tables: 1, Views: 1, Files: 11, BytesUnknown: 1, Fetch: map[fs.Kind]int{"table": 1}, ByClass: map[string]int{},
		Kinds: map[fs.Kind]int{"doc": 1, "pages": 1, "tables": 1, "page": 2, "rows": 2, "columns": 2, "table": 2}})
}

func TestADryRunFailsAsARunWould(t *testing.T) {
	from, o := workspace(1), options(t)
	mustRun(t, from, o, 0)
	other := o
	other.Source.Account = "else@example.com"
	if _, err := snapshot.DryRun(t.Context(), from, other); snapshot.ExitCode(err) != 10 {
		t.Errorf("another account: %v", err)
	}
	from.indexErr = errors.New("down")
	if _, err := snapshot.DryRun(t.Context(), from, o); !errors.Is(err, from.indexErr) {
		t.Errorf("a failed listing: %v", err)
	}
}

func TestProgressCountsDownToNothing(t *testing.T) {
	from, o := workspace(2), options(t)
	from.open = failing(map[string]error{from.entries[4].Path: errors.New("no"), from.entries[5].Path: errors.New("no")})
	o.Cost, o.Concurrency = cost, 1
	var heard recorder
	o.Progress = &heard
	mustRun(t, from, o, 3)
	want := snapshot.Estimate{Requests: 12, Minutes: 2}
	if heard.plan.Estimate != want {
		t.Errorf("at first %+v", heard.plan.Estimate)
	}
	for i, left := range heard.left {
		e := from.entries[i]
		for _, n := range cost.Requests(e, 0) {
			want.Requests -= n
		}
		if left.Requests != want.Requests {
			t.Errorf("after %s: %d requests left, want %d", e.Path, left.Requests, want.Requests)
		}
	}
	if last := heard.left[len(heard.left)-1]; len(heard.left) != 22 || last != (snapshot.Estimate{}) {
		t.Errorf("%d events, the last says %+v", len(heard.left), last)
	}
}
