package folder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	iofs "io/fs"
	"iter"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/dirs"
	"github.com/codafs/codafs/snapshot/format"
)

// Stage is a run's partial folder. Files come in under their final names: no reader can
// take them for sealed, and none counts before the journal names it. Put, Take, Relink, Reuse and Note may be called from many
// goroutines, for one path at a time; all other methods by one, when none of those is under way.
type Stage struct {
	*disk
	id  string
	dir string // ".partial-<id>"
	// left is what an earlier run says it left here; once the stage has begun, the part that is kept.
	left    *Left
	tops    topFolders
	mu      sync.Mutex // one line at a time goes into the journal
	lines   []byte     // of the journal that are not written yet; guarded by mu
	journal *outFile
	pointer string        // latest.txt while it has its temporary name
	result  format.Result // of the run, when it is sealed
}

// OpenStage takes over the newest partial folder of an equal run ([format.Head.Series]), or makes a new one.
// Either gets the name of this run, which is the time its state is of. [Folder.Lock] comes first.
func (f *Folder) OpenStage(head format.Head) (*Stage, error) {
	old, left, err := f.leftBehind(head)
	if err != nil {
		return nil, err
	}
	id := f.newID(head.StartedAt, old)
	s := &Stage{disk: f.disk, id: id, dir: partialPrefix + id, left: left, tops: topFolders{}}
	switch old {
	case s.dir:
	case "":
		err = s.mkdir(s.dir)
	default:
		err = s.rename(old, s.dir)
	}
	return s, err
}

// Left is what the partial folder that a run like head's would take over says it holds. The caller closes it.
func (f *Folder) Left(head format.Head) (*Left, error) {
	_, left, err := f.leftBehind(head)
	return left, err
}

// leftBehind finds the newest partial folder of a run equal to head's, and what it says it
// holds. The name is "" where there is none.
func (f *Folder) leftBehind(head format.Head) (name string, left *Left, err error) {
	names, err := f.partial()
	if err != nil {
		return "", nil, err
	}
	for _, name := range slices.Backward(names) {
		if left, ours := f.leftIn(name, head); ours {
			return name, left, nil
		}
	}
	return "", nil, nil
}

// Close closes the journal if it is still open.
func (s *Stage) Close() {
	s.left.Close()
	if s.journal != nil {
		s.journal.Close()
	}
}

// Temp makes a file without a name, for what the run keeps in mind. The name is that of the file for a moment, and in errors.
func (s *Stage) Temp(name string) (*TempFile, error) { return s.newTemp(s.dir + "/" + name) }

// ID is the name that the snapshot is to have.
func (s *Stage) ID() string { return s.id }

// Left is what an earlier run says it left in the stage.
func (s *Stage) Left() *Left { return s.left }

// Open opens a file that is in the stage.
func (s *Stage) Open(path string) (*os.File, error) { return s.root.Open(s.dir + "/" + path) }

// Expect says that a file with that path may come. All paths are told before Begin, which removes folders beside theirs.
func (s *Stage) Expect(path string) { s.tops.add(path) }

// Begin makes the folder hold nothing but those of files that were left and are to be kept, and opens the journal, in which they
// have the order of files.
func (s *Stage) Begin(head format.Head, files iter.Seq2[fs.Entry, error], keep func(fs.Entry, Finished) bool) error {
	kept, err := s.kept(files, keep)
	if err != nil {
		return err
	}
	if err := s.sweep(kept); err != nil {
		return err
	}
	if s.journal, err = s.createJournal(s.dir, head, files, kept); err != nil {
		return err
	}
	s.left.Close()
	s.left = nil
	if !kept.empty() {
		file, err := s.root.Open(s.journal.name)
		if err != nil {
			return &DestinationError{err}
		}
		s.left = newLeft(file)
		s.left.readJournal(head)
	}
	// Only now: where there was no journal, the manifest stood in for it.
	for _, name := range []string{format.ManifestName, format.SummaryName, format.SumsName} {
		if err := s.remove(s.dir + "/" + name); err != nil {
			return err
		}
	}
	return nil
}

// kept is the part of what was left that is to be kept.
func (s *Stage) kept(files iter.Seq2[fs.Entry, error], keep func(fs.Entry, Finished) bool) (*Left, error) {
	if s.left.empty() {
		return nil, nil
	}
	kept := *s.left
	kept.at = map[uint64]int64{}
	for e, err := range files {
		if err != nil {
			return nil, err
		}
		old, ok, err := s.left.Find(e.Path)
		if err != nil {
			return nil, err
		}
		if at, _ := s.left.place(e.Path); ok && keep(e, old) {
			kept.put(e.Path, at)
		}
	}
	return &kept, nil
}

// Reuse gives the file of a path that an earlier run left, if it is kept and still hashes right. One
// that does not is removed.
func (s *Stage) Reuse(ctx context.Context, path string) (Finished, bool, error) {
	old, ok, err := s.left.Find(path)
	if !ok || err != nil {
		return Finished{}, false, err
	}
	name := s.dir + "/" + path
	size, sum, err := s.hash(ctx, name)
	if ctx.Err() != nil {
		return Finished{}, false, context.Cause(ctx)
	}
	if err != nil || size != old.File.Size || sum != old.File.SHA256 {
		return Finished{}, false, s.remove(name)
	}
	return old, true, nil
}

// Put writes what in gives as the file for e, read-only and durable. The file that it gives has all but its status; rows are counted
// in the CSV of tables. Its time is e's, unless seen, which may be nil, has
// another one for bytes with their hash. Errors: a [NameError], a [DestinationError], or that of in. Nothing
// of it is left then, unless the disk itself fails.
func (s *Stage) Put(ctx context.Context, e fs.Entry, in io.Reader, seen func(sum string) time.Time) (format.File, error) {
	name := s.dir + "/" + e.Path
	out, err := s.create(name)
	if isNameError(err) {
		return format.File{}, &NameError{err}
	}
	if err != nil {
		return format.File{}, err
	}
	isTable := e.Kind.Is(fs.ClassTable)
	hash, rows := sha256.New(), new(format.RowCounter)
	to := io.MultiWriter(out, hash)
	if isTable {
		to = io.MultiWriter(out, hash, rows)
	}
	size, err := io.Copy(to, contextReader{ctx, in})
	if err != nil {
		out.Close()
		return format.File{}, errors.Join(err, s.remove(name))
	}
	f := format.NewFile(e)
	f.Size, f.SHA256 = size, hex.EncodeToString(hash.Sum(nil))
	at := e.ModTime
	if seen != nil {
		at = seen(f.SHA256)
		f.SetTime(at)
	}
	if err := out.finish(at, sealedMode); err != nil {
		return format.File{}, err
	}
	if isTable {
		n := rows.Rows()
		f.Rows = &n
	}
	return f, nil
}

// fewFolders is how many folders are synced one by one. Each waits for the disk; a call for the whole file system waits for what
// others write, too.
const fewFolders = 64

// errMany ends a walk that has seen more than fewFolders.
var errMany = errors.New("many folders")

// syncFolders makes all names in the stage durable. Its files are already.
func (s *Stage) syncFolders(ctx context.Context) error {
	n, done := 0, false
	err := s.eachFolder(ctx, func(string) error {
		if n++; n > fewFolders {
			return errMany
		}
		return nil
	})
	if errors.Is(err, errMany) {
		err = s.do("sync all", s.dir, func() (err error) {
			done, err = dirs.SyncAll(s.root)
			return err
		})
	}
	if err != nil || done {
		return err
	}
	return s.eachFolder(ctx, s.syncFolder)
}

// eachFolder visits the stage's folder and all below it.
func (s *Stage) eachFolder(ctx context.Context, visit func(name string) error) error {
	return iofs.WalkDir(s.root.FS(), s.dir, func(name string, d iofs.DirEntry, err error) error {
		if err := errors.Join(err, context.Cause(ctx)); err != nil {
			return err
		}
		if !d.IsDir() {
			return nil
		}
		return visit(name)
	})
}

// NameError says that the destination cannot hold a file of that name: it costs that file, not the run.
type NameError struct{ err error }

// Error is the disk's own text.
func (e *NameError) Error() string { return e.err.Error() }
