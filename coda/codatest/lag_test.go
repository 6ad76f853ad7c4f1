package codatest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

// contentLags has reads of content lag, and no list of objects.
func contentLags(by time.Duration) func(method, path string) time.Duration {
	return func(method, path string) time.Duration {
		if method == http.MethodPost || strings.HasSuffix(path, "/rows") || strings.HasSuffix(path, "/columns") {
			return by
		}
		return 0
	}
}

// later is synctest's clock, after the sample's own stamps.
func later() time.Time { return time.Now().AddDate(30, 0, 0) }

// exported is the sample's launch plan as an export begun now gives it.
func (p *peer) exported() string {
	p.t.Helper()
	status, text := p.text("GET", p.get(p.begin(exportBody)).string("downloadLink"), "", "Authorization", "")
	if status != http.StatusOK {
		p.t.Fatalf("%d %s", status, text)
	}
	return text
}

// rowNames are the names of the sample's rows in the road map.
func (p *peer) rowNames() (names []string) {
	var items []object
	mustUnmarshal(p.t, p.get(roadmap + "/rows?limit=500")["items"], &items)
	for _, r := range items {
		names = append(names, r.string("name"))
	}
	return names
}

func TestLaggingReadsShowAFormerStateBesideNewStamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := codatest.Sample()
		p := inMemory(t, w, codatest.Options{Lag: contentLags(time.Minute)})
		before, rows := p.exported(), len(p.rowNames())
		old := p.get(planPath).string("updatedAt")
		time.Sleep(time.Hour)
		for i, text := range []string{"first\n", "second\n"} {
			w.SetPageBody(codatest.SampleDoc, codatest.SamplePage, text)
			w.AddRow(codatest.SampleDoc, codatest.SampleRoadmap, &codatest.Row{ID: "i-New" + text[:1]})
			if now := p.get(planPath).string("updatedAt"); now <= old {
				t.Errorf("the stamp is %s, and was %s", now, old)
			}
			time.Sleep(time.Duration(20*(i+1)) * time.Second)
		}
		// 60 s after the first edit, 40 s after the second.
		for _, want := range []struct {
			text  string
			rows  int
			sleep time.Duration
		}{{"first\n", rows + 1, 20*time.Second - time.Millisecond}, {"first\n", rows + 1, time.Millisecond}, {"second\n", rows + 2, time.Hour}, {"second\n", rows + 2, 0}} {
			if got := p.exported(); got != want.text {
				t.Errorf("%q, want %q", got, want.text)
			}
			if got := len(p.rowNames()); got != want.rows {
				t.Errorf("%d rows, want %d", got, want.rows)
			}
			time.Sleep(want.sleep)
		}
		if before == "first\n" {
			t.Error("the sample's page is the edited one")
		}
	})
}

func TestFormerStatesAreNotReachedByEdits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := codatest.Sample()
		p := inMemory(t, w, codatest.Options{Lag: contentLags(time.Minute)})
		before := p.rowNames()
		w.Edit(codatest.SampleDoc, func(d *codatest.Doc) {
			clear(d.Tables[0].Rows[0].Cells)
			d.Tables[0].Rows = d.Tables[0].Rows[:1]
		})
		if got := p.rowNames(); strings.Join(got, ",") != strings.Join(before, ",") {
			t.Errorf("%q, want %q", got, before)
		}
		time.Sleep(time.Minute)
		if got := p.rowNames(); len(got) != 1 || got[0] == before[0] {
			t.Errorf("after the lag: %q", got)
		}
	})
}

func TestLaggingReadIsRefusedWhereTheNewestStateIsDemanded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := codatest.Sample()
		p := inMemory(t, w, codatest.Options{Lag: contentLags(time.Minute), Now: later})
		ask := func(want int) {
			t.Helper()
			if status, text := p.text("GET", roadmap+"/rows", "", "X-Coda-Doc-Version", "latest"); status != want {
				t.Errorf("%d %s, want %d", status, text, want)
			}
		}
		ask(http.StatusOK)
		w.SetPageBody(codatest.SampleDoc, codatest.SamplePage, "new\n")
		ask(http.StatusBadRequest)
		time.Sleep(time.Minute)
		ask(http.StatusOK)
	})
}
