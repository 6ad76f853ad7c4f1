package main

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/snapshot/format"
)

// TestASnapshotMeetsEveryFaultAtEveryRequest: whatever one answer is, the snapshot is that of a
// run without faults; or it lacks just what that answer was for, and says so; or there is none.
func TestASnapshotMeetsEveryFaultAtEveryRequest(t *testing.T) {
	quiet := map[string]ranBackup{}
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
	all = sample(t, all, 150)
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
	t.Logf("%d of %d pairs ran", ran.Load(), len(pairs()))
}

// sample is n of all, chosen by CODAFS_SEED or by chance; with CODAFS_SOAK=1 it is all.
func sample[T any](t *testing.T, all []T, n int) []T {
	t.Helper()
	if soak {
		return all
	}
	s := seed(t)
	t.Logf("CODAFS_SEED=%d", s)
	all = slices.Clone(all)
	rand.New(rand.NewPCG(s, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:n]
}

// seed is CODAFS_SEED, or chance.
func seed(tb testing.TB) uint64 {
	tb.Helper()
	s := os.Getenv("CODAFS_SEED")
	if s == "" {
		return uint64(time.Now().UnixNano())
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		tb.Fatal("CODAFS_SEED:", err)
	}
	return n
}

func (p pair) check(t *testing.T, b, quiet ranBackup) {
	want := p.want()
	if b.exit != want.exit {
		t.Errorf("exit code %d, want %d", b.exit, want.exit)
	}
	if sealed := want.exit == 0 || want.exit == format.ExitGaps; b.sealed != sealed {
		t.Errorf("sealed: %v, want %v", b.sealed, sealed)
	} else if sealed {
		p.checkContent(t, want, b, quiet)
	}
	p.checkRequests(t, b, quiet)
}

// checkContent holds the snapshot against that of a run without faults.
func (p pair) checkContent(t *testing.T, want outcome, b, quiet ranBackup) {
	lost := p.lost
	if want.exit == 0 && !want.leftOut {
		lost = nil
	}
	missing := func(path string) bool {
		return slices.ContainsFunc(lost, func(l loss) bool { return strings.HasPrefix(path, l.files) })
	}
	wantDocs, wantFiles := maps.Clone(quiet.docs), maps.Clone(quiet.files)
	maps.DeleteFunc(wantDocs, func(path, _ string) bool { return missing(path) })
	maps.DeleteFunc(wantFiles, func(path string, _ format.File) bool { return missing(path) })
	if lost != nil && p.restamped != "" {
		unversion(wantFiles, p.restamped)
		unversion(b.files, p.restamped)
	}
	sameMaps(t, "docs/", b.docs, wantDocs)
	sameMaps(t, "files[]", b.files, wantFiles)

	var got, named []string
	for _, f := range b.failures {
		got = append(got, fmt.Sprintln(f.Kind, f.ObjectID, f.Path, f.Code))
	}
	if want.leftOut {
		if file := path.Base(lost[0].path); len(b.warnings) != 1 || !strings.Contains(b.warnings[0], file) {
			t.Errorf("warnings %q, want one about %s", b.warnings, file)
		}
		lost = nil
	} else if len(b.warnings) > 0 {
		t.Errorf("warnings %q", b.warnings)
	}
	for _, l := range lost {
		named = append(named, fmt.Sprintln(l.kind, l.object, l.path, want.code))
	}
	slices.Sort(got)
	slices.Sort(named)
	if !slices.Equal(got, named) {
		t.Errorf("failures:\n%swant:\n%s", strings.Join(got, ""), strings.Join(named, ""))
	}
}

// unversion takes the versions off the files below a path.
func unversion(files map[string]format.File, below string) {
	for path, f := range files {
		if strings.HasPrefix(path, below) {
			f.Version = ""
			files[path] = f
		}
	}
}

func sameMaps[V any](t *testing.T, what string, got, want map[string]V) {
	t.Helper()
	for path, v := range want {
		if w, ok := got[path]; !ok {
			t.Errorf("%s lacks %s", what, path)
		} else if !reflect.DeepEqual(v, w) {
			t.Errorf("%s: %s is %.200q, want %.200q", what, path, fmt.Sprint(w), fmt.Sprint(v))
		}
	}
	for path := range got {
		if _, ok := want[path]; !ok {
			t.Errorf("%s has %s", what, path)
		}
	}
}

// maxTries is how often a request is sent with the default of --max-retries.
const maxTries = 7

// mayCost is how many requests and how much time a pair may cost beyond a run without faults.
func (p pair) mayCost(quiet ranBackup) (requests int, took time.Duration) {
	const retried = 4 // the request; or an export's status and download, at the worst with its start
	const slack = 15 * time.Second
	switch {
	case !p.lasting:
		requests, took = retried, p.costs+slack
	case p.Kind == codatest.StuckExport:
		requests, took = 20, p.costs+slack // polls, soon but one in 10 s
	default:
		// A list that did not come is asked for once more when the contents are read.
		const backoffs = 1 + 2 + 4 + 8 + 16 + 30 + 30 // the last for the others of the bucket
		requests, took = 2*maxTries, 2*(maxTries*p.costs+backoffs*time.Second)+slack
	}
	if c := p.want().code; c == rest.CodeNotFound || c == rest.CodeGone {
		requests += len(quiet.requests) // all is listed again, to see whether it was deleted
		took += quiet.took
	}
	return requests, took
}

// checkRequests holds what was sent against the bounds, and looks for the token where it must not be.
func (p pair) checkRequests(t *testing.T, b, quiet ranBackup) {
	requests, took := p.mayCost(quiet)
	if n := len(b.requests); n > len(quiet.requests)+requests {
		t.Errorf("%d requests, %d without faults; want at most %d more", n, len(quiet.requests), requests)
	}
	if b.took > quiet.took+took {
		t.Errorf("it took %v, %v without faults; want at most %v more", b.took, quiet.took, took)
	}
	wanted := regexp.MustCompile("^(?:" + p.path + ")$")
	var met []codatest.Request
	for _, r := range b.requests {
		if wanted.MatchString(r.Path) && r.Method == cmp.Or(p.method, "GET") {
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
	if len(met) <= struck || len(met) == struck+1 && p.again {
		t.Fatalf("the fault was not met, or the request not sent again: %v", met)
	}
	if p.again && !p.lasting && p.Kind != codatest.StuckExport {
		wait := 750 * time.Millisecond // the shortest first wait
		if p.Header.Get("Retry-After") != "" {
			wait = p.costs
		}
		if d := met[struck+1].Time.Sub(met[struck].Time); d < wait {
			t.Errorf("sent again after %v, want %v or more", d, wait)
		}
	}
}

// wantKnown fails for a request of a run without faults that is of no kind in requests.
func wantKnown(t *testing.T, sent []codatest.Request) {
	t.Helper()
	const any = "[^/]+"
	ids := strings.NewReplacer(launchDoc, any, risksPage, any, tasksTable, any, openView, any, daysLeft, any, quarter, any)
	for _, s := range sent {
		known := slices.ContainsFunc(requests, func(r request) bool {
			kind := regexp.MustCompile("^(?:" + ids.Replace(r.path) + ")$")
			return kind.MatchString(s.Path) && s.Method == cmp.Or(r.method, "GET") && r.second == s.Query.Has("pageToken")
		})
		if !known {
			t.Errorf("%s %s (second page: %v) is missing among the requests that faults strike", s.Method, s.Path, s.Query.Has("pageToken"))
		}
	}
}
