package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"path"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/spool"
)

// Files of a late kind ([fs.KindInfo].Late) are made of what other files of their unit hold: files.json, which names the images that pages
// show. So they are copied when all others are there, which the origin may then read instead of fetching them, and after them the files
// that they name, which no index has.

// LateOrigin is an [Origin] that makes late files.
type LateOrigin interface {
	Origin
	// OpenLate opens a late file, whose time is at. have opens a file of the same unit that the run has copied, if it has that version; else
	// the error is [io/fs.ErrNotExist].
	OpenLate(ctx context.Context, path string, have Have) (in io.ReadCloser, at time.Time, err error)
}

// Have opens a file that a run has copied.
type Have func(k format.Key, version string) (io.ReadCloser, error)

// errNotHad is a [Have] that has no such file.
var errNotHad = fmt.Errorf("the run has no such file: %w", iofs.ErrNotExist)

// isLate reports whether e is to come after the others. One that was taken from a snapshot, of a doc that is not looked into, has a version.
func isLate(e fs.Entry) bool { return e.Kind.Info().Late && e.Version == "" }

// isNamed reports whether files of a kind are named by a late one, and not by the index.
func isNamed(k fs.Kind) bool { return k.Info().List.Info().Late }

// copyLate copies the late files of a listing, unit by unit, and what they name.
func (r *run) copyLate(ctx context.Context, l *listing) error {
	named := &listing{r: r, files: spool.NewList[item](r.opts.held, r.temp("named"))}
	defer named.files.Close()
	if l.late == 0 {
		return r.dropLeft(l, named)
	}
	var late []fs.Entry // of one unit
	have := map[format.Key]fs.Entry{}
	flush := func() error {
		for _, e := range late {
			if err := r.copyLateOf(ctx, e, have, named); err != nil {
				return err
			}
		}
		late = late[:0]
		clear(have)
		return nil
	}
	unit := ""
	for i, err := range l.files.All() {
		if err == nil && i.Entry.DocID != unit {
			unit, err = i.Entry.DocID, flush()
		}
		if err != nil {
			return err
		}
		if isLate(i.Entry) {
			late = append(late, i.Entry)
		} else {
			have[format.KeyOf(i.Entry)] = i.Entry
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if err := r.dropLeft(l, named); err != nil {
		return err
	}
	l.plan.Files += named.files.Len()
	r.opts.Progress.Listed(l.planned())
	all := queue{has: func(fs.Entry) bool { return true }, files: named.files.Len(), workers: r.opts.Concurrency}
	return r.copyAll(ctx, named.files, []queue{all})
}

// leftNamed yields the files that late ones named in a run that was stopped: they are kept until it is known whether they still are.
func (r *run) leftNamed(left *folder.Left, yield func(fs.Entry, error) bool) {
	for line, err := range left.All() {
		f := line.File
		if err == nil && !isNamed(f.Kind) {
			continue
		}
		e := fs.Entry{Path: f.Path, Kind: f.Kind, DocID: f.DocID, ObjectID: f.ObjectID, Name: f.Name, UpdatedAt: f.UpdatedAt, ModTime: f.Time(), Version: f.Version}
		if !yield(e, err) || err != nil {
			return
		}
	}
}

// dropLeft removes those of them that none of the listings has.
func (r *run) dropLeft(listings ...*listing) (err error) {
	if r.stage.Left() == nil {
		return nil
	}
	wanted := newPathSet()
	for _, l := range listings {
		for i, err := range l.files.All() {
			if err != nil {
				return err
			}
			if isNamed(i.Entry.Kind) {
				_ = wanted.add(i.Entry.Path)
			}
		}
	}
	r.leftNamed(r.stage.Left(), func(e fs.Entry, broken error) bool {
		if err = broken; err == nil && wanted.add(e.Path) == nil {
			err = r.stage.Drop(e.Path)
		}
		return err == nil
	})
	return err
}

// copyLateOf copies a late file and adds what it names to named. While it is missing, nobody knows what it would name.
func (r *run) copyLateOf(ctx context.Context, e fs.Entry, have map[format.Key]fs.Entry, named *listing) error {
	old, err := r.baseFile(e)
	if err != nil {
		return err
	}
	r.opts.Progress.Fetching(e)
	o := r.fetchLate(ctx, job{item: item{Entry: e}, old: old}, func(k format.Key, version string) (io.ReadCloser, error) {
		if f, ok := have[k]; ok && f.Version == version {
			return r.stage.Open(f.Path)
		}
		return nil, errNotHad
	})
	if o.missing != nil {
		r.unlisted[format.KeyOf(e)] = true
	}
	if err := r.keep(o); err != nil || o.missing != nil {
		return err
	}
	return r.addNamed(e, named)
}

// fetchLate has a late file in the stage. Its version is that of its bytes. One with the bytes that the last good snapshot has is a link to those.
func (r *run) fetchLate(ctx context.Context, j job, have Have) outcome {
	from, able := r.from.(LateOrigin)
	if !able {
		return outcome{fatal: fmt.Errorf("the origin lists %s, and does not make it", j.Entry.Path)}
	}
	in, at, err := from.OpenLate(ctx, j.Entry.Path, have)
	if err != nil {
		return r.classify(ctx, j, err)
	}
	defer in.Close()
	j.Entry.ModTime = at
	file, err := r.stage.Put(ctx, j.Entry, in, r.seen(j))
	if err != nil {
		return r.classify(ctx, j, err)
	}
	damaged := false
	if r.before != nil && j.old.known && file.SHA256 == j.old.SHA256 && j.old.Status != format.StatusCarried {
		err = r.stage.Relink(ctx, r.before.ID, j.old.File, j.Entry.Path)
		if damaged = errors.Is(err, folder.ErrDamaged); err != nil && !damaged {
			return r.classify(ctx, j, err)
		}
		file = j.old.WithEntry(j.Entry)
	}
	file.Version = file.SHA256[:len(file.SHA256)/2]
	return outcome{job: j, file: file, damaged: damaged}
}

// addNamed adds the files that a late one names. One that should be there and has no path is a gap.
func (r *run) addNamed(late fs.Entry, to *listing) error {
	in, err := r.stage.Open(late.Path)
	if err != nil {
		return &folder.DestinationError{Err: err}
	}
	defer in.Close()
	all, err := format.ReadItems(in)
	if err != nil {
		return r.miss(r.tellMissed(about(late, fs.Failure{Code: "bad_list", Message: err.Error()})))
	}
	taken := newPathSet()
	for _, n := range all {
		o := fs.Object{Kind: fs.KindFile, DocID: late.DocID, ID: n.ID, Title: n.Name, Type: n.Type, UpdatedAt: late.CreatedAt}
		e := fs.NewEntry(path.Join(path.Dir(late.Path), n.Path), o, fs.LastingVersion(n.ID, late.CreatedAt))
		var gap *fs.Failure
		switch {
		case n.Path == "" && n.Status == format.ItemLive:
			e.Path = ""
			gap = &fs.Failure{Code: fs.CodeNoFile, Message: fmt.Sprintf("%q is shown, and there is no address of the service's own for it", n.Name)}
		case n.Path == "":
			continue
		default:
			if err := errors.Join(format.CheckPath(e.Path), taken.add(e.Path)); err != nil || path.Dir(path.Dir(e.Path)) != path.Dir(late.Path) {
				gap = &fs.Failure{Code: "bad_path", Message: fmt.Sprintf("the path %q is none of a file of this doc, or there twice", n.Path)}
			}
		}
		if gap != nil {
			err = r.miss(r.tellMissed(about(e, *gap)))
		} else {
			err = to.files.Add(item{Entry: e})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
