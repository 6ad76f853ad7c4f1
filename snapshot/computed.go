package snapshot

import (
	"context"
	"hash/fnv"
	"io"
	"strings"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// Bytes that the service computes change without a stamp (see [fs.Computed]): that a file has the version which the last
// good snapshot has does not say that its bytes are the same. What is known to change with the time or the user is
// fetched in each run. Of all else that is computed nobody can tell; it is fetched at least every Options.FullEvery, each
// file in its turn, so that a run each night fetches about as much as any other. What is kept meanwhile is marked.

// Renewer is an [Origin] that holds what it once fetched.
type Renewer interface {
	Origin
	// OpenAnew is Open for a file of bytes that are computed: they are to be fetched no earlier than since.
	OpenAnew(ctx context.Context, path string, since time.Time) (io.ReadCloser, error)
}

// sameVersion reports whether the version of an entry is that of a file, as far as is known: the stamps are the same, and
// of computed bytes no others were seen.
func sameVersion(e fs.Entry, f format.File) bool {
	now := fs.Version{Key: e.Version}
	return e.Version != "" && now.Stamps() == fs.Version{Key: f.Version}.Stamps() && strings.HasPrefix(f.SHA256, now.Bytes())
}

// settled reports that bytes fetched at that time were not young.
func settled(fetched, modTime time.Time) bool { return fetched.Sub(modTime) >= fs.Youth }

// settledOf reports that the bytes of e, if they were fetched at that time, were not young. Where the time of e is that at
// which its bytes were first seen, that is no edit: its version tells.
func settledOf(e fs.Entry, fetched time.Time) bool {
	return fs.Version{Key: e.Version}.Bytes() != "" || settled(fetched, e.ModTime)
}

// stale reports whether bytes of e that were fetched at a time are to be fetched anew.
func (r *run) stale(e fs.Entry, fetched time.Time) bool {
	switch {
	case e.Computed == fs.ComputedNot, r.skipped.has(e.DocID):
		return false
	case e.Computed == fs.ComputedVolatile:
		return true
	}
	return due(format.KeyOf(e), fetched, r.head.StartedAt, r.opts.FullEvery)
}

// due reports whether it is a file's turn. Its turns are as far apart as every says, less a rest, and each file has its own.
// After a turn that came in the rest behind a fetch, the next one comes in time all the same.
func due(k format.Key, fetched, now time.Time, every time.Duration) bool {
	rest := every / 24 // a run that follows another one in minutes fetches nothing twice
	period := every - rest
	if every <= 0 || period <= 0 {
		return false
	}
	if age := now.Sub(fetched); age >= 0 && age < rest {
		return false
	} else if age < 0 || age >= period { // the clock was ahead; or there was a turn, however far away both are
		return true
	}
	h := fnv.New64a()
	for _, part := range []string{string(k.Kind), k.Doc, k.Object} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	turn := time.Duration(h.Sum64() % uint64(period))
	turns := func(t time.Time) int64 { return (t.UnixNano() - int64(turn)) / int64(period) }
	return turns(now) != turns(fetched)
}

// fits reports whether e need not be fetched, since a run that was stopped left it: it has the version of e, and was read when
// that was settled.
func (r *run) fits(left folder.Finished, e fs.Entry) bool {
	return sameVersion(e, left.File) && settledOf(e, left.FetchedAt) && !r.stale(e, left.File.Fetched(left.FetchedAt))
}

// baseFile is what the last good snapshot has for an entry.
type baseFile struct {
	format.File
	known bool // it has one
}

// baseFile gives what the last good snapshot has for an entry.
func (r *run) baseFile(e fs.Entry) (baseFile, error) {
	f, known, err := r.base.file(format.KeyOf(e))
	return baseFile{f, known}, err
}

// held reports that a file is there, in the last good snapshot or among those of a run that was stopped, and gives what the last
// good snapshot has.
func (r *run) held(e fs.Entry) (held bool, old baseFile, err error) {
	if old, err = r.baseFile(e); err != nil {
		return false, old, err
	}
	left, ok, err := r.left.Find(e.Path)
	if err != nil || ok && r.fits(left, e) {
		return true, old, err
	}
	_, held = r.kept(e, old)
	return held, old, nil
}

// kept reports whether e need not be fetched, since the last good snapshot has it (old); same, whether that has the same version.
func (r *run) kept(e fs.Entry, old baseFile) (same, kept bool) {
	if r.skipped.has(e.DocID) && !isUnit(e.Kind) {
		return old.known, old.known // which e was made of
	}
	same = r.before != nil && old.known && r.before.unchanged(e, old.File)
	return same, same && !r.stale(e, old.Fetched(r.before.StartedAt))
}

// open opens e at the origin, and tells when its bytes were fetched. What the origin holds may be old; what it fetched
// minutes ago is no older than what the service gives, whose reads lag.
func (r *run) open(ctx context.Context, e fs.Entry) (in io.ReadCloser, fetched time.Time, err error) {
	fetched = format.Stamp(r.opts.Now())
	from, able := r.from.(Renewer)
	held := !e.FetchedAt.IsZero()
	if able && (e.Computed == fs.ComputedVolatile || held && r.stale(e, e.FetchedAt)) {
		in, err = from.OpenAnew(ctx, e.Path, r.head.StartedAt)
		return in, fetched, err
	}
	if held && r.head.StartedAt.Sub(e.FetchedAt) >= fs.Youth {
		fetched = format.Stamp(e.FetchedAt)
	}
	in, err = r.from.Open(ctx, e.Path)
	return in, fetched, err
}

// dated is f with the time at which its bytes were fetched, if they are computed and that was not in this run.
func (r *run) dated(f format.File, fetched time.Time) format.File {
	f.FetchedAt, f.Computed = time.Time{}, f.Volatility != fs.ComputedNot && fetched.Before(r.head.StartedAt)
	if f.Computed {
		f.FetchedAt = fetched
	}
	return f
}
