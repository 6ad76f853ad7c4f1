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
	"github.com/codafs/codafs/snapshot/sealed"
)

// baseSnapshot is the last good snapshot. Its manifest is read once; what is said of its files here is small, and of a doc's files
// as much as is asked for comes from the manifest again. It does not change, so that all workers may read it.
type baseSnapshot struct {
	*sealed.Docs
	docs map[string]format.Doc // by id
	// unsure are the docs of which it does not have everything as a run would now have it.
	unsure map[string]bool
	// withheld are the files that a doc may lack without a failure, and has.
	withheld map[format.Key]bool
	// odd is what was odd about its files.
	odd []fs.Failure
	// lines counts the pages whose text came line by line.
	lines int
}

func openBase(f *folder.Folder, id string) (b *baseSnapshot, err error) {
	b = &baseSnapshot{docs: map[string]format.Doc{}, unsure: map[string]bool{}, withheld: map[format.Key]bool{}}
	if b.Docs, err = sealed.OpenDocs(f, id, b.look); err != nil {
		return nil, err
	}
	for _, d := range b.Manifest.Docs {
		b.docs[d.DocID] = d
	}
	for _, f := range b.Failures {
		b.unsure[f.DocID] = true
	}
	return b, nil
}

// look notes what is to be known of a file.
func (b *baseSnapshot) look(f format.File) {
	if f.IsLines() {
		b.lines++
	}
	// A page that came as lines, since the token could start no exports, may come as an export now.
	if f.Source == fs.SourceContent || f.Status == format.StatusCarried || (fs.Version{Key: f.Version}).Young() {
		b.unsure[f.DocID] = true
	}
	if f.Kind.Info().Withheld {
		b.withheld[f.Key()] = true
	}
	for _, message := range f.Warnings {
		b.odd = append(b.odd, fs.Failure{Kind: f.Kind, DocID: f.DocID, ObjectID: f.ObjectID, Path: f.Path, Message: message, Warning: true})
	}
}

// file gives the file with a key. A nil base has none.
func (b *baseSnapshot) file(k format.Key) (format.File, bool, error) {
	doc, err := b.doc(k.Doc)
	f, ok := doc.Get(k)
	return f, ok, err
}

// doc gives the files of a doc. A nil base has none.
func (b *baseSnapshot) doc(id string) (sealed.DocList, error) {
	if b == nil {
		return sealed.DocList{}, nil
	}
	return b.Docs.Doc(id)
}

// unchanged reports whether a file that the snapshot has for e will do, so that e need not be fetched: the
// version is the same, and was read when it was no longer young. Of a carried file nobody
// knows that: it is there because a later read failed.
func (b *baseSnapshot) unchanged(e fs.Entry, old format.File) bool {
	if b == nil || e.Version == "" || (fs.Version{Key: e.Version}).Young() {
		return false
	}
	return sameVersion(e, old) && old.Status != format.StatusCarried && settledOf(e, b.StartedAt)
}

// unchangedDoc reports that no file of a doc can have moved, if stamps can be trusted. Every
// edit moves the doc's stamp, so it is as new as any in the doc. Another release may
// render the same objects in another way, and a run with other settings may have more of them.
func (b *baseSnapshot) unchangedDoc(id string, updatedAt time.Time, now format.Head) bool {
	d, ok := b.docs[id]
	return ok && b.Tool == now.Tool && b.Options.AddsAs(now.Options) && !updatedAt.IsZero() && d.UpdatedAt.Equal(updatedAt) && settled(b.StartedAt, updatedAt) && !b.unsure[id]
}

// docSet is a set of ids of docs.
type docSet struct {
	mu  sync.Mutex // guards ids
	ids map[string]bool
}

func (s *docSet) set(id string, is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids[id] = is
}

func (s *docSet) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[id]
}

// index lists what the snapshot is to hold, and has it judged. With TrustDocTimestamps, docs whose stamp did not move are not listed
// by the origin: their files are those of the snapshot before. The origin may ask about docs and files from several goroutines.
func (r *run) index(ctx context.Context, l *listing) error {
	l.clear()
	held := fs.Held{File: l.held, Again: l.clear}
	held.Docs, held.Odd = r.expected()
	if r.before == nil || !r.opts.TrustDocTimestamps {
		return r.list(ctx, held, l.add)
	}
	held.Doc = func(id string, updatedAt time.Time) bool {
		skip := r.before.unchangedDoc(id, updatedAt, r.head)
		r.skipped.set(id, skip)
		return skip
	}
	withheld := map[fs.Kind]int{}
	held.Again = func() { l.clear(); clear(withheld) }
	err := r.list(ctx, held, func(e fs.Entry) error {
		if err := l.add(e); err != nil || !isUnit(e.Kind) || !r.skipped.has(e.DocID) {
			return err
		}
		r.before.countWithheld(withheld, e)
		return r.before.entries(e, l.add)
	})
	if err != nil {
		return err
	}
	for kind, docs := range withheld {
		note := fs.Entry{Kind: kind, Note: fmt.Sprintf("%s.json is left out as it was in %s (docs: %d)", kind, r.before.ID, docs)}
		if err := l.add(note); err != nil {
			return err
		}
	}
	return nil
}

// countWithheld counts the files that a doc lacks where the token may not see them. To name
// them is the listing's, which a skipped doc has none of.
func (b *baseSnapshot) countWithheld(docs map[fs.Kind]int, unit fs.Entry) {
	for _, kind := range fs.WithheldFrom(unit.Kind) {
		if !b.withheld[format.Key{Kind: kind, Doc: unit.DocID, Object: unit.DocID}] {
			docs[kind]++
		}
	}
}

// entries lists the files of a skipped doc but its doc.json, whose entry is given, as the
// snapshot before has them: in the folder that the doc has now.
func (b *baseSnapshot) entries(doc fs.Entry, each func(fs.Entry) error) error {
	list, err := b.doc(doc.DocID)
	for _, f := range list.Files {
		if isUnit(f.Kind) {
			continue
		}
		err := each(fs.Entry{
			Path: b.moved(f, path.Dir(doc.Path)), Kind: f.Kind, DocID: f.DocID, ObjectID: f.ObjectID, Name: f.Name, Type: f.Type(),
			UpdatedAt: f.UpdatedAt, ModTime: f.Time(), Version: f.Version, Source: f.Source, Computed: f.Volatility,
		})
		if err != nil {
			return err
		}
	}
	return err
}

// moved is the path of a file whose doc now has the folder dir.
func (b *baseSnapshot) moved(f format.File, dir string) string {
	if rest, ok := strings.CutPrefix(f.Path, b.docs[f.DocID].Path+"/"); ok {
		return dir + "/" + rest
	}
	return f.Path
}
