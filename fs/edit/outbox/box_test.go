package outbox_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/edit/outbox"
)

func plan(edits ...edit.Edit) *outbox.Plan {
	return &outbox.Plan{Schema: outbox.Schema, ID: outbox.NewID(), Made: time.Now().UTC(), Changes: edit.Changes{Edits: edits}}
}

func TestAPlanIsAppliedOnceAndKeptForAMonth(t *testing.T) {
	dir := t.TempDir()
	b, err := outbox.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	old, young := plan(), plan()
	for _, p := range []*outbox.Plan{old, young} {
		if err := b.Save(p); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().AddDate(0, 0, -31)
	if err := os.Chtimes(filepath.Join(dir, "plans", old.ID+".json"), long, long); err != nil {
		t.Fatal(err)
	}
	if err := b.Save(plan()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Plan(old.ID); !errors.Is(err, outbox.ErrNoPlan) {
		t.Errorf("a plan of last month: %v", err)
	}
	p, err := b.Plan(young.ID)
	if err != nil || p.ID != young.ID {
		t.Fatal(p, err)
	}
	if _, err := b.Begin(p); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Begin(p); !errors.Is(err, outbox.ErrUsed) {
		t.Errorf("applied twice: %v", err)
	}
	for _, id := range []string{"", "../x", "A"} {
		if _, err := b.Plan(id); !errors.Is(err, outbox.ErrNoPlan) {
			t.Errorf("plan %q: %v", id, err)
		}
	}
}

func TestOneSendsAtATime(t *testing.T) {
	dir := t.TempDir()
	a, err := outbox.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := outbox.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	release, err := a.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Lock(); !errors.Is(err, outbox.ErrBusy) {
		t.Errorf("a second sender: %v", err)
	}
	release()
	if release, err = b.Lock(); err != nil {
		t.Fatal(err)
	}
	release()
}

// Each step is on the disk when it returns, and a job that is read again is where the last one left it.
func TestAJournalIsReadAsItWasWritten(t *testing.T) {
	b, err := outbox.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := plan(edit.Edit{Op: edit.Insert}, edit.Edit{Op: edit.Insert}, edit.Edit{Op: edit.Update, Key: "i-1"})
	j, err := b.Begin(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []outbox.Step{{Status: outbox.Sending, Edits: []int{0, 1}}, {Status: outbox.Accepted, Edits: []int{0, 1}, Request: "r-1", IDs: []string{"i-8", "i-9"}},
		{Status: outbox.Held, Edits: []int{2}, Why: "gone"}, {Status: outbox.Seen, Edits: []int{1}}} {
		if err := j.Step(s); err != nil {
			t.Fatal(err)
		}
	}
	again, err := b.Job(p.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := []outbox.Fate{{Status: outbox.Accepted, Request: "r-1", ID: "i-8"}, {Status: outbox.Seen, Request: "r-1", ID: "i-9"}, {Status: outbox.Held, Why: "gone"}}
	for i, f := range again.Fates {
		f.At = time.Time{}
		if f != want[i] {
			t.Errorf("edit %d is %+v, want %+v", i, f, want[i])
		}
	}
	if !again.Open() {
		t.Error("a held edit is over")
	}
}
