package cache

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// tempLife is how old a temporary file must be to be taken for one that a killed process left.
const tempLife = time.Hour

// Stats is what a cache holds, and what one [Disk] did with it.
type Stats struct {
	Contents int   // files in the folder
	Bytes    int64 // all of theirs
	MaxBytes int64
	Entries  int // sizes known, with and without content

	Counts
}

// Counts are what one [Disk] did since OpenDisk. Other processes count for themselves. The JSON
// form is part of a mount's status.json.
type Counts struct {
	Hits      int64 `json:"hits"`      // contents served that were kept
	Fills     int64 `json:"fills"`     // contents filled
	Damaged   int64 `json:"damaged"`   // files found damaged and removed
	Unwritten int64 `json:"unwritten"` // contents that could not be written
	Evicted   int64 `json:"evicted"`   // contents removed to keep the limit
}

// Counts reports what the Disk did so far. It does not touch the folder.
func (d *Disk) Counts() Counts {
	return Counts{
		Hits: d.hits.Load(), Fills: d.fills.Load(), Damaged: d.damaged.Load(),
		Unwritten: d.unwritten.Load(), Evicted: d.evicted.Load(),
	}
}

// Stats walks the folder and counts what is there.
func (d *Disk) Stats(ctx context.Context) (Stats, error) {
	s := Stats{MaxBytes: d.max, Counts: d.Counts()}
	err := d.walk(ctx, contentsDir, func(_ string, info iofs.FileInfo) {
		s.Contents++
		s.Bytes += info.Size()
	})
	if err != nil {
		return Stats{}, err
	}
	err = d.walk(ctx, entriesDir, func(string, iofs.FileInfo) { s.Entries++ })
	return s, err
}

// entriesEvery is how often entries are looked through in the background: they are most of the files, and a process that looks at each
// when it begins to fill spends longer on that than on a small backup.
const entriesEvery = 24 * time.Hour

// Trim brings the cache under its limit, and removes what nobody needs: entries unused for 30
// days whose content is gone, and temporary files of processes that were killed. It also
// runs by itself, in the background: at the first fill, and whenever fills pass the limit; entries
// are then looked through once a day.
func (d *Disk) Trim(ctx context.Context) error { return d.trim(ctx, true) }

func (d *Disk) trim(ctx context.Context, entries bool) error {
	select {
	case d.trimTurn <- struct{}{}:
		defer func() { <-d.trimTurn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := d.trimContents(ctx); err != nil {
		return err
	}
	if entries || d.entriesDue() {
		if err := d.trimEntries(ctx); err != nil {
			return err
		}
		now := d.now()
		_ = os.Chtimes(filepath.Join(d.dir, entriesDir), now, now) // else the next process does it again
	}
	return d.trimTemps()
}

// entriesDue reports whether entries were last looked through a day ago, by any process. The time of their folder says so, which
// is else that of the newest of its 256 subfolders.
func (d *Disk) entriesDue() bool {
	info, err := os.Stat(filepath.Join(d.dir, entriesDir))
	if err != nil {
		return true
	}
	age := d.now().Sub(info.ModTime())
	return age < 0 || age >= entriesEvery
}

// trimSoon starts a trim in the background if one is due.
func (d *Disk) trimSoon() {
	d.mu.Lock()
	defer d.mu.Unlock()
	// One at a time: a second one would find the first one's work undone, and evict as much again.
	if d.trimDue() && !d.trimming {
		d.trimming = true
		d.background.Go(d.trimWhileDue)
	}
}

// trimDue reports whether the limit was passed, or nobody has counted yet. It needs d.mu.
func (d *Disk) trimDue() bool { return !d.counted || d.bytes > d.max }

// trimWhileDue runs in the background, until the limit holds or a trim fails. A failure is logged
// and not tried again before the next fill: the disk will hardly be better at once.
func (d *Disk) trimWhileDue() {
	for again := true; again; {
		err := d.trim(d.life, false)
		if err != nil && d.life.Err() == nil {
			d.log.Warn("the cache cannot be trimmed", "dir", d.dir, "err", err)
		}
		d.mu.Lock()
		again = err == nil && d.trimDue()
		d.trimming = again
		d.mu.Unlock()
	}
}

// count adds to the number of bytes kept.
func (d *Disk) count(bytes int64) {
	d.mu.Lock()
	d.bytes += bytes
	d.sinceWalk += bytes
	d.mu.Unlock()
}

// kept is the file of a content, as a walk saw it.
type kept struct {
	path string
	size int64
	used time.Time
	last bool
}

// markLast marks the file of a content that is evicted last ([Options].Last): it cannot be written. Windows would not let such a file be
// replaced, so no content is marked there.
func markLast(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	return os.Chmod(path, 0o400)
}

// goesLast reports whether a content's file is marked.
func goesLast(info iofs.FileInfo) bool { return info.Mode().Perm()&0o200 == 0 }

// trimmed is how many bytes are left after an eviction: nine tenths of the limit, so that
// not each further fill has to walk the folder and evict.
func (d *Disk) trimmed() int64 { return d.max - d.max/10 }

// trimContents counts all contents and evicts those used longest ago, those that go last after all others.
func (d *Disk) trimContents(ctx context.Context) error {
	d.mu.Lock()
	d.sinceWalk = 0
	d.mu.Unlock()

	var total int64
	var all []kept
	err := d.walk(ctx, contentsDir, func(path string, info iofs.FileInfo) {
		total += info.Size()
		all = append(all, kept{path, info.Size(), info.ModTime(), goesLast(info)})
	})
	if err != nil {
		return err
	}
	// What came during the walk may have been seen by it too. Counting it twice brings the
	// next walk too early; evicting for it would be wrong.
	d.mu.Lock()
	d.bytes, d.counted = total+d.sinceWalk, true
	d.mu.Unlock()
	if total <= d.max {
		return nil
	}
	slices.SortFunc(all, func(a, b kept) int {
		switch {
		case a.last == b.last:
			return a.used.Compare(b.used)
		case b.last:
			return -1
		}
		return 1
	})
	return d.evict(ctx, all, total-d.trimmed())
}

// evict removes files, in that order, until they make up so many bytes. A file that is gone
// already was evicted by another process, and counts.
func (d *Disk) evict(ctx context.Context, files []kept, bytes int64) error {
	var failed []error
	for _, k := range files {
		if bytes <= 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := os.Remove(k.path); err != nil && !errors.Is(err, iofs.ErrNotExist) {
			failed = append(failed, err)
			continue
		}
		bytes -= k.size
		d.count(-k.size)
		d.forget(k.path)
		d.evicted.Add(1)
	}
	return errors.Join(failed...)
}

// forget drops the note that the content in that file was verified.
func (d *Disk) forget(path string) {
	var content sum
	if !parseSum(&content, []byte(filepath.Base(path))) {
		return // a foreign file
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.verified, content)
}

// trimEntries removes old entries. One whose content is there stays, however old: when
// the service is gone, what was fetched must be readable for good.
func (d *Disk) trimEntries(ctx context.Context) error {
	var failed []error
	err := d.walk(ctx, entriesDir, func(path string, info iofs.FileInfo) {
		if d.now().Sub(info.ModTime()) < entryLife {
			return
		}
		if e, _, ok := loadEntry(path); ok {
			if _, err := os.Lstat(d.path(contentsDir, e.content)); err == nil {
				return
			}
		}
		failed = append(failed, removeGone(path))
	})
	return errors.Join(err, errors.Join(failed...))
}

// trimTemps goes by the real clock, as the stamps of these files do. That may be another machine's, or wrong: a
// file that is in use stays, however old it looks.
func (d *Disk) trimTemps() error {
	dir := filepath.Join(d.dir, tempDir)
	files, err := os.ReadDir(dir)
	if errors.Is(err, iofs.ErrNotExist) {
		return nil
	}
	for _, f := range files {
		info, infoErr := f.Info()
		if infoErr == nil && time.Since(info.ModTime()) > tempLife {
			err = errors.Join(err, removeUnused(filepath.Join(dir, f.Name())))
		}
	}
	return err
}

// removeUnused removes a temporary file unless a process has it open.
func removeUnused(path string) error {
	release, used := tempInUse(path)
	defer release()
	if used {
		return nil
	}
	return removeGone(path)
}

// removeGone removes a file that another process may have removed already.
func removeGone(path string) error {
	if err := os.Remove(path); !errors.Is(err, iofs.ErrNotExist) {
		return err
	}
	return nil
}

// walk visits the files of one kind. What comes or goes meanwhile is seen or not.
func (d *Disk) walk(ctx context.Context, kind string, visit func(path string, info iofs.FileInfo)) error {
	for i := range 256 {
		if err := ctx.Err(); err != nil {
			return err
		}
		dir := filepath.Join(d.dir, kind, fmt.Sprintf("%02x", i))
		files, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, iofs.ErrNotExist) {
			return err
		}
		for _, f := range files {
			if info, err := f.Info(); err == nil && !info.IsDir() {
				visit(filepath.Join(dir, f.Name()), info)
			}
		}
	}
	return nil
}
