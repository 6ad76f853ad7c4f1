package snapshot_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// odd is an origin with warnings.
type odd struct {
	*memory
	warnings []fs.Failure
	held     fs.Held
}

func (o *odd) Warnings(context.Context) ([]fs.Failure, error) { return o.warnings, nil }

func (o *odd) Index(ctx context.Context, held fs.Held, each func(fs.Entry) error) error {
	o.held = held
	return o.memory.Index(ctx, held, each)
}

// A file that is odd in the same way each night is named once. It stays in the manifest, and the origin is told of it, also where
// it was not read again.
func TestWhatIsOddIsAWarningOnceWhileItStays(t *testing.T) {
	from := &odd{memory: workspace(2)}
	rows := fs.Failure{Kind: fs.KindRows, DocID: "doc0", ObjectID: "table-1", Path: "an older path", Message: "two rows are missing", Warning: true}
	list := fs.Failure{Kind: fs.KindDoc, DocID: "doc1", ObjectID: "doc1", Message: "not listed", Warning: true}
	o := options(t)
	o.Incremental = true
	o.Now = clock()
	for i, night := range []struct {
		warnings []fs.Failure
		want     []string
		known    int // what the origin is told
	}{
		{[]fs.Failure{rows, list}, []string{".csv: two rows are missing", "doc.json: not listed"}, 0},
		{[]fs.Failure{rows}, nil, 2},
		{nil, nil, 1}, // the file is linked, not read
		{[]fs.Failure{list}, []string{"doc.json: not listed"}, 1}, // which it was not the night before
	} {
		from.warnings = night.warnings
		s := mustRun(t, from, o, 0)
		if len(s.Warnings) != len(night.want) {
			t.Fatalf("night %d: warnings %q, want %q", i, s.Warnings, night.want)
		}
		for j, want := range night.want {
			if !strings.HasSuffix(s.Warnings[j], want) {
				t.Errorf("night %d: warnings %q, want %q", i, s.Warnings, night.want)
			}
		}
		if len(from.held.Odd) != night.known {
			t.Errorf("night %d: told of %+v, want %d", i, from.held.Odd, night.known)
		}
	}
	if !slices.Equal(from.held.Docs, []string{"doc0", "doc1"}) {
		t.Errorf("told of the docs %q", from.held.Docs)
	}
}

// A doc that could not be had is still expected the next time.
func TestADocThatFailedIsExpected(t *testing.T) {
	from := &odd{memory: workspace(3)}
	o := options(t)
	mustRun(t, from, o, 0)
	from.entries = slices.DeleteFunc(from.entries, func(e fs.Entry) bool { return e.DocID == "doc1" })
	from.entries = append(from.entries, fs.Entry{Kind: fs.KindDoc, DocID: "doc1", ObjectID: "doc1",
		Failure: &fs.Failure{Kind: fs.KindDoc, DocID: "doc1", ObjectID: "doc1", Code: "server_error", HTTPStatus: 500, Message: "no"}})
	for range 2 {
		if s := mustRun(t, from, o, format.ExitGaps); s.Result != format.Incomplete {
			t.Errorf("result %s", s.Result)
		}
		if !slices.Contains(from.held.Docs, "doc1") {
			t.Errorf("told of the docs %q", from.held.Docs)
		}
	}
}
