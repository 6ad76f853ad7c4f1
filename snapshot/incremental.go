package snapshot

import (
	"context"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// baseSnapshot is the last good snapshot as an incremental run sees it. A nil one acts as an empty one. It does not change
// while the run copies, so that all workers may read it.
type baseSnapshot struct {
	id      string
	tool    string
	started time.Time
	files   format.Files
	// docs and inDoc are by the id of the doc.
	docs  map[string]format.Doc
	inDoc map[string][]*format.File
	// unsure are the docs of which it does not have everything as a run would now have it.
	unsure map[string]bool
}

func newBaseSnapshot(m *format.Manifest, files format.Files) *baseSnapshot {
	b := &baseSnapshot{
		id: m.ID, tool: m.Tool, started: m.StartedAt,
		files: files, docs: map[string]format.Doc{}, inDoc: map[string][]*format.File{}, unsure: map[string]bool{},
	}
	for _, d := range m.Docs {
		b.docs[d.DocID] = d
	}
	for i := range m.Files {
		f := &m.Files[i]
		b.inDoc[f.DocID] = append(b.inDoc[f.DocID], f)
		// A page that came as lines, since the token could start no exports, may come as an export now.
		if f.Source == fs.SourceContent || f.Status == format.StatusCarried || (fs.Version{Key: f.Version}).Young() {
			b.unsure[f.DocID] = true
		}
	}
	for _, f := range m.Failures {
		b.unsure[f.DocID] = true
	}
	return b
}

// unchanged gives the file that the snapshot has for e, if e need not be fetched: the
// version is the same, and was read when it was no longer young. Of a carried file nobody
// knows that: it is there because a later read failed.
func (b *baseSnapshot) unchanged(e fs.Entry) (format.File, bool) {
	if b == nil || e.Version == "" || (fs.Version{Key: e.Version}).Young() {
		return format.File{}, false
	}
	old, ok := b.files.Get(format.KeyOf(e))
	return old, ok && sameVersion(e, old) && old.Status != format.StatusCarried && settledOf(e, b.started)
}

// unchangedDoc reports that no file of a doc can have moved, if stamps can be trusted. Every
// edit moves the doc's stamp, so it is as new as any in the doc. Another release may
// render the same objects in another way.
func (b *baseSnapshot) unchangedDoc(id string, updatedAt time.Time, tool string) bool {
	d, ok := b.docs[id]
	return ok && b.tool == tool && !updatedAt.IsZero() && d.UpdatedAt.Equal(updatedAt) && settled(b.started, updatedAt) && !b.unsure[id]
}

// held reports that a file is there, in the last good snapshot or among those of a run that was stopped.
func (r *run) held(e fs.Entry, left map[string]folder.Finished) bool {
	if old, ok := left[e.Path]; ok && r.fits(old, e) {
		return true
	}
	_, _, kept := r.kept(e)
	return kept
}

// index lists what the snapshot is to hold. With TrustDocTimestamps, docs whose stamp did not move are not listed by the
// origin: their files are those of the snapshot before. The origin may ask about docs from several goroutines, so skipped
// has a lock until the index is there; afterwards it is only read.
func (r *run) index(ctx context.Context, left map[string]folder.Finished) ([]fs.Entry, error) {
	held := fs.Held{File: func(e fs.Entry) bool { return r.held(e, left) }}
	held.Docs, held.Odd = r.expected()
	if _, able := r.from.(ChangeIndexer); r.before == nil || !r.opts.TrustDocTimestamps || !able {
		return r.list(ctx, held)
	}
	var mu sync.Mutex
	skipped := map[string]bool{}
	r.skipped = skipped
	held.Doc = func(id string, updatedAt time.Time) bool {
		mu.Lock()
		defer mu.Unlock()
		skipped[id] = r.before.unchangedDoc(id, updatedAt, r.head.Tool)
		return skipped[id]
	}
	index, err := r.list(ctx, held)
	if err != nil {
		return nil, err
	}
	all := make([]fs.Entry, 0, len(index))
	withheld := map[fs.Kind]int{}
	for _, e := range index {
		all = append(all, e)
		if isUnit(e.Kind) && skipped[e.DocID] {
			all = append(all, r.before.entries(e)...)
			r.before.countWithheld(withheld, e)
		}
	}
	for kind, docs := range withheld {
		all = append(all, fs.Entry{Kind: kind, Note: fmt.Sprintf("%s.json is left out as it was in %s (docs: %d)", kind, r.before.id, docs)})
	}
	return all, nil
}

// countWithheld counts the files that a doc lacks where the token may not see them. To name
// them is the listing's, which a skipped doc has none of.
func (b *baseSnapshot) countWithheld(docs map[fs.Kind]int, unit fs.Entry) {
	for _, kind := range fs.WithheldFrom(unit.Kind) {
		if _, ok := b.files[format.Key{Kind: kind, Doc: unit.DocID, Object: unit.DocID}]; !ok {
			docs[kind]++
		}
	}
}

// entries lists the files of a skipped doc but its doc.json, whose entry is given, as the
// snapshot before has them: in the folder that the doc has now.
func (b *baseSnapshot) entries(doc fs.Entry) []fs.Entry {
	var all []fs.Entry
	for _, f := range b.inDoc[doc.DocID] {
		if isUnit(f.Kind) {
			continue
		}
		all = append(all, fs.Entry{
			Path: b.moved(*f, path.Dir(doc.Path)), Kind: f.Kind, DocID: f.DocID, ObjectID: f.ObjectID, Name: f.Name, Type: f.Type(),
			UpdatedAt: f.UpdatedAt, ModTime: f.Time(), Version: f.Version, Source: f.Source, Computed: f.Volatility,
		})
	}
	return all
}

// moved is the path of a file whose doc now has the folder dir.
func (b *baseSnapshot) moved(f format.File, dir string) string {
	if rest, ok := strings.CutPrefix(f.Path, b.docs[f.DocID].Path+"/"); ok {
		return dir + "/" + rest
	}
	return f.Path
}
