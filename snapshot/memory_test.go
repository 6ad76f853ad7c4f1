package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
)

// crowd is an origin of many docs, each with many pages, none of which it holds.
type crowd struct{ docs, pages int }

func (m crowd) Index(_ context.Context, _ fs.Held, each func(fs.Entry) error) error {
	at := day.Add(-24 * time.Hour)
	for d := range m.docs {
		id := fmt.Sprintf("doc%06d", d)
		e := fs.Entry{Path: "docs/Plan__" + id + "/doc.json", Kind: fs.KindDoc, DocID: id, ObjectID: id, Version: id, UpdatedAt: at, ModTime: at}
		for p := range m.pages {
			if err := each(e); err != nil {
				return err
			}
			name := fmt.Sprintf("canvas-%06d", p)
			e = fs.Entry{Path: "docs/Plan__" + id + "/pages/Some title of a page__" + name + ".md", Kind: fs.KindPage, DocID: id, ObjectID: name,
				Name: "Some title of a page", Version: strings.Repeat("0", 32), UpdatedAt: at, ModTime: at, Source: fs.SourceExport}
		}
		if err := each(e); err != nil {
			return err
		}
	}
	return nil
}

func (m crowd) Open(_ context.Context, path string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(path)), nil
}

// atEnd measures what is held when nearly all files are there.
type atEnd struct {
	files, copied int
	heap          uint64
}

func (p *atEnd) Listed(plan snapshot.Plan) { p.files = plan.Files }
func (p *atEnd) Copied(format.File, snapshot.Estimate) {
	if p.copied++; p.copied == p.files {
		p.heap = live()
	}
}
func (p *atEnd) Fetching(fs.Entry)                    {}
func (p *atEnd) Missed(fs.Failure, snapshot.Estimate) {}

// A run may have a million files. What it holds of each is a few hashes: not its entry, nor its place in a manifest.
func TestAFileTakesLittleOfARunsMemory(t *testing.T) {
	const pages = 49
	sizes := []int{5, 25} // docs
	heaps := map[string][]uint64{}
	kinds := []string{"first", "unchanged", "taken up"}
	for _, docs := range sizes {
		from, o := crowd{docs, pages}, options(t)
		o.Hold(64 << 10)
		o.Cost = cost
		for i, kind := range kinds {
			at := &atEnd{}
			o.Progress = at
			o.Incremental, o.Now = i > 0, clockAt(day.Add(time.Duration(i)*24*time.Hour))
			if kind == "taken up" {
				o.Incremental = false
				stopAtTheEnd(t, from, o)
			}
			mustRun(t, from, o, 0)
			heaps[kind] = append(heaps[kind], at.heap)
		}
	}
	for _, kind := range kinds {
		files := uint64((sizes[1] - sizes[0]) * (pages + 1))
		each := (int64(heaps[kind][1]) - int64(heaps[kind][0])) / int64(files)
		t.Logf("%s: %d bytes a file", kind, each)
		if each > 150 {
			t.Errorf("%s: a run holds %d bytes of each file, want 150 at most", kind, each)
		}
	}
}

// stopAtTheEnd has a run that is stopped when all of its files are there.
func stopAtTheEnd(t *testing.T, from snapshot.Origin, o snapshot.Options) {
	t.Helper()
	stopped := errors.New("stopped")
	o.CheckDisk(func(op, name string) error {
		if strings.HasSuffix(name, "/.manifest.json.tmp") {
			return stopped
		}
		return nil
	})
	if _, err := snapshot.Run(t.Context(), from, o); err == nil {
		t.Fatal("the run was not stopped")
	}
}

// live is how many bytes are in use.
func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// firstLook is a context that measures what is held when it is first asked whether it has ended.
type firstLook struct {
	context.Context
	heap uint64
}

func (c *firstLook) Err() error {
	if c.heap == 0 {
		c.heap = live()
	}
	return c.Context.Err()
}

// Verification has the records of all files when it goes through these: a hash of each path, and what is to be there.
func TestAFileTakesLittleOfAVerificationsMemory(t *testing.T) {
	const pages = 49
	sizes := []int{5, 45} // docs
	var heaps []int64
	for _, docs := range sizes {
		o := options(t)
		mustRun(t, crowd{docs, pages}, o, 0)
		look := &firstLook{Context: t.Context()}
		report, err := sealed.Verify(look, o.Output)
		if err != nil || len(report.Damage) > 0 || report.Files != docs*(pages+1)+2 {
			t.Fatalf("%d files, damage %v, %v", report.Files, report.Damage, err)
		}
		heaps = append(heaps, int64(look.heap))
	}
	each := (heaps[1] - heaps[0]) / int64((sizes[1]-sizes[0])*(pages+1))
	t.Logf("%d bytes a file", each)
	if each > 200 {
		t.Errorf("a verification holds %d bytes of each file, want 200 at most", each)
	}
}
