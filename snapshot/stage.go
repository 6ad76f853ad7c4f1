package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	iofs "io/fs"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// stage is a run's partial folder. Files come in under their final names: no reader can
// take them for sealed, and none counts before the journal names it.
type stage struct {
	*disk
	id  string
	dir string // ".partial-<id>"
	// left is what an earlier run says it left here, by path.
	left    map[string]finished
	mu      sync.Mutex // one line at a time goes into the journal
	journal *outFile
}

// openStage takes over the newest partial folder of an equal run, or makes a new one.
// Either gets the name of this run, which is the time its state is of.
func (f *folder) openStage(head format.Head) (*stage, error) {
	old, left, err := f.leftBehind(head)
	if err != nil {
		return nil, err
	}
	id := f.newID(head.StartedAt, old)
	s := &stage{disk: f.disk, id: id, dir: partialPrefix + id, left: left}
	switch old {
	case s.dir:
	case "":
		err = s.mkdir(s.dir)
	default:
		err = s.rename(old, s.dir)
	}
	return s, err
}

// leftBehind finds the newest partial folder of a run equal to head's, and what it says it
// holds. The name is "" where there is none.
func (f *folder) leftBehind(head format.Head) (name string, left map[string]finished, err error) {
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

// trusted is the part of left that files may be taken from, if they still hash right.
func (r *run) trusted(left map[string]finished, files []fs.Entry) map[string]finished {
	keep := map[string]finished{}
	for _, e := range files {
		if old, ok := left[e.Path]; ok && r.fits(old, e) {
			keep[e.Path] = old
		}
	}
	return keep
}

// close closes the journal if it is still open.
func (s *stage) close() {
	if s.journal != nil {
		s.journal.Close()
	}
}

// begin makes the folder hold nothing but what is in s.left, and opens the journal.
func (s *stage) begin(head format.Head, files []fs.Entry) error {
	var lines []finished
	for _, e := range files {
		if old, ok := s.left[e.Path]; ok {
			lines = append(lines, old)
		}
	}
	if err := s.sweep(); err != nil {
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

// sweepTop removes what no run writes beside docs/, and what is of another type than a run
// makes it: through a link in the place of docs/, work would go on in the folder it names.
func (s *stage) sweepTop() error {
	all, err := iofs.ReadDir(s.root.FS(), s.dir)
	if err != nil {
		return &DestinationError{err}
	}
	for _, e := range all {
		if !isOurs(e) {
			if err := s.removeTree(s.dir + "/" + e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

// isOurs reports whether a run makes something of that name and type in its partial folder.
func isOurs(e iofs.DirEntry) bool {
	switch e.Name() {
	case "docs":
		return e.IsDir()
	case journalName, format.ManifestName, format.SummaryName, format.SumsName:
		return e.Type().IsRegular()
	}
	return false
}

// sweep removes all files that are not in s.left, and folders that are then empty.
func (s *stage) sweep() error {
	if err := s.sweepTop(); err != nil {
		return err
	}
	var folders []string
	err := iofs.WalkDir(s.root.FS(), s.dir+"/docs", func(name string, d iofs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			folders = append(folders, name)
			return nil
		}
		if _, keep := s.left[name[len(s.dir)+1:]]; keep {
			return nil
		}
		return s.remove(name)
	})
	if errors.Is(err, iofs.ErrNotExist) {
		return nil
	}
	for _, name := range slices.Backward(folders) {
		if err != nil {
			break
		}
		if rest, readErr := iofs.ReadDir(s.root.FS(), name); readErr == nil && len(rest) == 0 {
			err = s.remove(name)
		}
	}
	return err
}

// reuse gives the file for e that an earlier run left, if it still hashes right. One
// that does not is removed.
func (s *stage) reuse(ctx context.Context, e fs.Entry) (format.File, bool, error) {
	old, ok := s.left[e.Path]
	if !ok {
		return format.File{}, false, nil
	}
	name := s.dir + "/" + e.Path
	size, sum, err := s.hash(ctx, name)
	if ctx.Err() != nil {
		return format.File{}, false, context.Cause(ctx)
	}
	if err != nil || size != old.File.Size || sum != old.File.SHA256 {
		return format.File{}, false, s.remove(name)
	}
	return old.File.WithEntry(e), true, nil
}

// errDamaged says that a file of a sealed snapshot is not as it was sealed.
var errDamaged = errors.New("damaged since it was sealed")

// take has the file old of the sealed snapshot id in the stage, under name, if it still
// hashes right: else the error is errDamaged. Where no link can be made, it is copied.
func (s *stage) take(ctx context.Context, id string, old format.File, name string) error {
	from := id + "/" + old.Path
	size, sum, err := s.hash(ctx, from)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil || size != old.Size || sum != old.SHA256 {
		return errDamaged
	}
	to := s.dir + "/" + name
	if err = s.mkdir(path.Dir(to)); err == nil {
		err = s.link(from, to)
	}
	if isLinkError(err) {
		return s.copy(ctx, from, old, name)
	}
	return err
}

// relink has the file name of the stage, whose bytes are those of old, be a link to that, if it still hashes right and
// links can be made.
func (s *stage) relink(ctx context.Context, id string, old format.File, name string) error {
	from := id + "/" + old.Path
	size, sum, err := s.hash(ctx, from)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil || size != old.Size || sum != old.SHA256 {
		return errDamaged
	}
	temp := s.dir + "/same-" + hashOf([]byte(name))
	if err := s.link(from, temp); err != nil {
		if isLinkError(err) {
			return nil
		}
		return err
	}
	return s.rename(temp, s.dir+"/"+name)
}

// copy is take for file systems without hard links.
func (s *stage) copy(ctx context.Context, from string, old format.File, name string) error {
	in, err := s.root.Open(from)
	if err != nil {
		return errDamaged
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return errDamaged
	}
	_, err = s.put(ctx, fs.Entry{Path: name, Kind: old.Kind, ModTime: info.ModTime()}, in, nil)
	return err
}

// put writes what in gives as the file for e, read-only and durable. Its time is e's, unless seen, which may be nil, has
// another one for bytes with their hash. After an error nothing of it is left, unless the disk itself fails.
func (s *stage) put(ctx context.Context, e fs.Entry, in io.Reader, seen func(sum string) time.Time) (format.File, error) {
	name := s.dir + "/" + e.Path
	out, err := s.create(name)
	if isNameError(err) {
		return format.File{}, &nameError{err}
	}
	if err != nil {
		return format.File{}, err
	}
	hash, rows := sha256.New(), new(format.RowCounter)
	to := io.MultiWriter(out, hash)
	if e.Kind == fs.KindRows {
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
	if e.Kind == fs.KindRows {
		n := rows.Rows()
		f.Rows = &n
	}
	return f, nil
}

// syncFolders makes all names in the stage durable. Its files are already.
func (s *stage) syncFolders(ctx context.Context) error {
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

// nameError says that the destination cannot hold a file of that name.
type nameError struct{ err error }

func (e *nameError) Error() string { return e.err.Error() }

// contextReader stops a long copy when its context ends.
type contextReader struct {
	ctx context.Context
	in  io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.in.Read(p)
}

// hashFile gives the size and SHA-256 of a regular file.
func hashFile(ctx context.Context, in iofs.FS, name string) (int64, string, error) {
	f, err := openFile(in, name)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, contextReader{ctx, f})
	return size, hex.EncodeToString(hash.Sum(nil)), err
}
