package folder

import (
	"context"
	"errors"
	"path"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// ErrDamaged says that a file of a sealed snapshot is not as it was sealed. It costs that file alone: the caller fetches it again.
var ErrDamaged = errors.New("damaged since it was sealed")

// Take has the file old of the sealed snapshot id in the stage, under name, if it still
// hashes right: else the error is [ErrDamaged]. Where no link can be made, it is copied.
func (s *Stage) Take(ctx context.Context, id string, old format.File, name string) error {
	from := id + "/" + old.Path
	err := s.asSealed(ctx, from, old)
	if err != nil {
		return err
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

// asSealed fails with [ErrDamaged] if the file at path is not as old says.
func (s *Stage) asSealed(ctx context.Context, path string, old format.File) error {
	size, sum, err := s.hash(ctx, path)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil || size != old.Size || sum != old.SHA256 {
		return ErrDamaged
	}
	return nil
}

// Relink has the file name of the stage, whose bytes are those of old, be a link to that, if it still hashes right, else
// the error is [ErrDamaged]. Where no link can be made, it stays as it is.
func (s *Stage) Relink(ctx context.Context, id string, old format.File, name string) error {
	from := id + "/" + old.Path
	if err := s.asSealed(ctx, from, old); err != nil {
		return err
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

// copy is Take for file systems without hard links. The bytes were hashed just before; a disk that gives others the
// second time is found by verify, which has the hash of the first.
func (s *Stage) copy(ctx context.Context, from string, old format.File, name string) error {
	in, err := s.root.Open(from)
	if err != nil {
		return ErrDamaged
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return ErrDamaged
	}
	_, err = s.Put(ctx, fs.Entry{Path: name, Kind: old.Kind, ModTime: info.ModTime()}, in, nil)
	return err
}
