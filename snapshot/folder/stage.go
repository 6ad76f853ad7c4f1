package folder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	iofs "io/fs"
	"slices"
	"sync"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// Stage is a run's partial folder. Files come in under their final names: no reader can
// take them for sealed, and none counts before the journal names it. Put, Take, Relink, Reuse and Note may be called from many
// goroutines, for one path at a time; all other methods by one, when none of those is under way.
type Stage struct {
	*disk
	id  string
	dir string // ".partial-<id>"
	// files is what an earlier run says it left here, by path; once the stage has begun, the part that is kept.
	files   map[string]Finished
	mu      sync.Mutex // one line at a time goes into the journal
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
	s := &Stage{disk: f.disk, id: id, dir: partialPrefix + id, files: left}
	switch old {
	case s.dir:
	case "":
		err = s.mkdir(s.dir)
	default:
		err = s.rename(old, s.dir)
	}
	return s, err
}

// Left is what the partial folder that a run like head's would take over says it holds, by path.
func (f *Folder) Left(head format.Head) (map[string]Finished, error) {
	_, left, err := f.leftBehind(head)
	return left, err
}

// leftBehind finds the newest partial folder of a run equal to head's, and what it says it
// holds. The name is "" where there is none.
func (f *Folder) leftBehind(head format.Head) (name string, left map[string]Finished, err error) {
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
	if s.journal != nil {
		s.journal.Close()
	}
}

// ID is the name that the snapshot is to have.
func (s *Stage) ID() string { return s.id }

// Left is what an earlier run says it left in the stage, by path. None of it is trusted.
func (s *Stage) Left() map[string]Finished { return s.files }

// Begin makes the folder hold nothing but the files in keep, a part of what was left, and opens the journal, in which they have the
// order of files.
func (s *Stage) Begin(head format.Head, files []fs.Entry, keep map[string]Finished) error {
	s.files = keep
	var lines []Finished
	tops := topFolders{}
	for _, e := range files {
		tops.add(e.Path)
		if old, ok := s.files[e.Path]; ok {
			lines = append(lines, old)
		}
	}
	if err := s.sweep(tops); err != nil {
		return err
	}
	var err error
	if s.journal, err = s.createJournal(s.dir, head, lines); err != nil {
		return err
	}
	// Only now: where there was no journal, the manifest stood in for it.
	for _, name := range []string{format.ManifestName, format.SummaryName, format.SumsName} {
		if err := s.remove(s.dir + "/" + name); err != nil {
			return err
		}
	}
	return nil
}

// Reuse gives the file of a path that an earlier run left, if it is kept and still hashes right. One
// that does not is removed.
func (s *Stage) Reuse(ctx context.Context, path string) (Finished, bool, error) {
	old, ok := s.files[path]
	if !ok {
		return Finished{}, false, nil
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

// syncFolders makes all names in the stage durable. Its files are already.
func (s *Stage) syncFolders(ctx context.Context) error {
	return iofs.WalkDir(s.root.FS(), s.dir, func(name string, d iofs.DirEntry, err error) error {
		if err := errors.Join(err, context.Cause(ctx)); err != nil {
			return err
		}
		if !d.IsDir() {
			return nil
		}
		return s.syncFolder(name)
	})
}

// NameError says that the destination cannot hold a file of that name: it costs that file, not the run.
type NameError struct{ err error }

// Error is the disk's own text.
func (e *NameError) Error() string { return e.err.Error() }
