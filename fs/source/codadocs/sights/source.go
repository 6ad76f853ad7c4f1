package sights

import (
	"context"
	"errors"
	"io"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
)

// Source is a page or table that may show blobs. What it shows is in the Store under the version of its file, and once more as the last that was
// known. It is for one goroutine, but for Look.
type Source struct {
	Unit  *remote.Unit
	Store fs.Store
	// File is the page's HTML, or the table's CSV.
	File *remote.File
	// Columns are those of the table; nil for a page. Of a table whose columns may show nothing the rows are not read.
	Columns func(ctx context.Context) ([]coda.Column, error)
	// Look reads the page or the rows of that version. With afresh it asks the service, whatever is at hand.
	Look func(ctx context.Context, v fs.Version, afresh bool) (Place, error)
}

// The kinds of the Store's keys. Package keys (EvictLast) knows their beginnings: what was seen is small, and costs exports.
const (
	seenKind = "seen-blobs"
	lastKind = "last-blobs"
)

// Get is what the place shows now, or showed when it was last read, if it cannot be had. last says that there is no further try if it
// moves meanwhile: the error is [remote.ErrMoved] else. fatal tells the errors that end all work.
func (s Source) Get(ctx context.Context, last bool, fatal func(context.Context, error) bool) (List, error) {
	if s.Columns != nil {
		if columns, err := s.Columns(ctx); err == nil && !may(columns) {
			return List{}, nil
		}
	}
	found, err := s.now(ctx)
	switch {
	case err == nil, fatal(ctx, err), errors.Is(err, remote.ErrMoved):
		return found, err
	case errors.Is(err, fs.ErrStale) && !last:
		return found, remote.ErrMoved
	}
	if known, ok := s.kept(ctx, lastKind, ""); ok {
		return known, nil
	}
	return found, err
}

// now is what it shows in its current version.
func (s Source) now(ctx context.Context) (List, error) {
	v, err := s.File.Version(ctx)
	if err != nil {
		return List{}, err
	}
	if known, ok := s.kept(ctx, seenKind, v.Key); ok {
		return known, nil
	}
	return s.look(ctx, v, false)
}

// Address is the address of a blob that was shown here, got once more; it is another one than was, which is dead. If others have had
// theirs from this place since, that was enough. The zero value says that there is none.
func (s Source) Address(ctx context.Context, id string, was blob.Address) blob.Address {
	v, err := s.File.Version(ctx)
	if err != nil {
		return blob.Address{}
	}
	found, known := s.kept(ctx, seenKind, v.Key)
	if a := found.Address(id); known && !a.IsZero() && a.Reveal() != was.Reveal() {
		return a
	}
	if found, err = s.look(ctx, v, true); err != nil {
		return blob.Address{}
	}
	if a := found.Address(id); a.Reveal() != was.Reveal() {
		return a
	}
	return blob.Address{}
}

// kept is what the Store has under a key.
func (s Source) kept(ctx context.Context, kind, version string) (l List, ok bool) {
	c, ok := s.Store.Lookup(ctx, s.key(kind, version))
	if !ok {
		return l, false
	}
	l, err := read(c)
	return l, err == nil
}

func (s Source) key(kind, version string) string {
	return s.Unit.Key(kind, s.File.Object().ID, version)
}

// look has the place looked at, and keeps what it shows. All who want that at the same time share one look.
func (s Source) look(ctx context.Context, v fs.Version, afresh bool) (found List, err error) {
	c, err := s.Store.Put(ctx, s.key(seenKind, v.Key), func(ctx context.Context, w io.Writer) error {
		shown, err := s.Look(ctx, v, afresh)
		if err != nil {
			return err
		}
		var l List
		l.Add(shown, v.ModTime)
		return Write(w, l)
	})
	if err != nil {
		return found, err
	}
	if found, err = read(c); err != nil {
		return found, err
	}
	c, err = s.Store.Put(ctx, s.key(lastKind, ""), func(_ context.Context, w io.Writer) error { return Write(w, found) })
	if err != nil {
		return found, err
	}
	return found, c.Close()
}

func read(c fs.Content) (List, error) {
	b, err := fs.ReadAll(c)
	if err != nil {
		return List{}, err
	}
	return Read(b)
}

// heldKey is the key of a context's [Held].
type heldKey struct{}

// Held gives the bytes of a file in a version, if they are at hand.
type Held func(ctx context.Context, o fs.Object, v fs.Version) ([]byte, bool)

// WithHeld lets a look at a page take what held has, rather than export it: a backup has the pages of a doc before it asks for its files.
func WithHeld(ctx context.Context, held Held) context.Context {
	return context.WithValue(ctx, heldKey{}, held)
}

// Bytes are those of the file in a version, held or fetched.
func (s Source) Bytes(ctx context.Context, v fs.Version) ([]byte, error) {
	if held, ok := ctx.Value(heldKey{}).(Held); ok {
		if b, ok := held(ctx, s.File.Object(), v); ok {
			return b, nil
		}
	}
	c, err := s.File.Open(ctx, v)
	if err != nil {
		return nil, err
	}
	return fs.ReadAll(c)
}
