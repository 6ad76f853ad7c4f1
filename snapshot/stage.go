package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"path"
	"slices"
	"time"

	"github.com/codafs/codafs/fs"
)

// stage is a run's partial folder. Files come in under their final names: no reader can
// take them for sealed, and none counts before the journal names it.
type stage struct {
	*disk
	id  string
	dir string // ".partial-<id>"
	// left is what an earlier run says it left here, by path.
	left    map[string]finished
	journal *outFile
}

// openStage takes over the newest partial folder of an equal run, or makes a new one.
// Either gets the name of this run, which is the time its state is of.
func (f *folder) openStage(head Head) (*stage, error) {
	names, err := f.partial()
	if err != nil {
		return nil, err
	}
	var old string
	var left map[string]finished
	for _, name := range slices.Backward(names) {
		var ours bool
		if left, ours = f.leftIn(name, head); ours {
			old = name
			break
		}
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

// close closes the journal if it is still open.
func (s *stage) close() {
	if s.journal != nil {
		s.journal.Close()
	}
}

// begin makes the folder hold nothing but files that may be kept, and opens the journal.
func (s *stage) begin(head Head, files []fs.Entry) error {
	keep := map[string]finished{}
	var lines []finished
	for _, e := range files {
		old, ok := s.left[e.Path]
		if ok && e.Version != "" && old.File.Version == e.Version && settled(old.FetchedAt, e.ModTime) {
			keep[e.Path] = old
			lines = append(lines, old)
		}
	}
	s.left = keep
	if err := s.sweep(); err != nil {
		return err
	}
	var err error
	if s.journal, err = s.createJournal(s.dir, head, lines); err != nil {
		return err
	}
	// Only now: where there was no journal, the manifest stood in for it.
	for _, name := range []string{manifestName, summaryName, sumsName} {
		if err := s.remove(s.dir + "/" + name); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes all files that are not in s.left, and folders that are then empty.
func (s *stage) sweep() error {
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
func (s *stage) reuse(ctx context.Context, e fs.Entry) (File, bool, error) {
	old, ok := s.left[e.Path]
	if !ok {
		return File{}, false, nil
	}
	name := s.dir + "/" + e.Path
	size, sum, err := hashFile(ctx, s.root.FS(), name)
	if ctx.Err() != nil {
		return File{}, false, context.Cause(ctx)
	}
	if err != nil || size != old.File.Size || sum != old.File.SHA256 {
		return File{}, false, s.remove(name)
	}
	f := fileOf(e)
	f.Size, f.SHA256, f.Rows = size, sum, old.File.Rows
	return f, true, nil
}

// put writes what in gives as the file for e, read-only and durable. After an error
// nothing of it is left, unless the disk itself fails.
func (s *stage) put(ctx context.Context, e fs.Entry, in io.Reader) (File, error) {
	name := s.dir + "/" + e.Path
	out, err := s.create(name)
	if isNameError(err) {
		return File{}, &nameError{err}
	}
	if err != nil {
		return File{}, err
	}
	hash, rows := sha256.New(), new(rowCounter)
	to := io.MultiWriter(out, hash)
	if e.Kind == fs.KindRows {
		to = io.MultiWriter(out, hash, rows)
	}
	size, err := io.Copy(to, contextReader{ctx, in})
	if err != nil {
		out.Close()
		return File{}, errors.Join(err, s.remove(name))
	}
	if err := out.finish(e.ModTime, sealedMode); err != nil {
		return File{}, err
	}
	f := fileOf(e)
	f.Size, f.SHA256 = size, hex.EncodeToString(hash.Sum(nil))
	if e.Kind == fs.KindRows {
		n := rows.rows()
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

func fileOf(e fs.Entry) File {
	return File{
		Path: e.Path, Kind: e.Kind, DocID: e.DocID, ObjectID: e.ObjectID, Name: e.Name,
		UpdatedAt: e.UpdatedAt.UTC(), Version: e.Version, Source: e.Source,
	}
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
	info, err := iofs.Lstat(in, name)
	if err != nil {
		return 0, "", err
	}
	if !info.Mode().IsRegular() {
		return 0, "", fmt.Errorf("%s is not a regular file", path.Base(name))
	}
	f, err := in.Open(name)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, contextReader{ctx, f})
	return size, hex.EncodeToString(hash.Sum(nil)), err
}

// stamp is t as files of a snapshot have it.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
