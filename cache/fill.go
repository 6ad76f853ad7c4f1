package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	iofs "io/fs"
	"os"
)

// fill has fill write the content and keeps it. What cannot be kept is served all the
// same, as long as it can be held.
func (d diskKeeper) fill(ctx context.Context, key string, fill Fill) (*blob, error) {
	d.trimSoon() // the first one counts, while the fill waits for the network
	e := entry{key: sha256.Sum256([]byte(key)), filled: d.now(), last: d.last(key), undated: d.undated(key)}
	s := d.newSpool(ctx)
	defer s.discard()
	if err := s.run(fill); err != nil {
		if s.cause != nil {
			d.noteUnsaved(s.cause)
		}
		return nil, err
	}
	d.fills.Add(1)
	e.content, e.size = sum(s.hash.Sum(nil)), s.size
	return d.keep(s, e)
}

// keep saves what is in s and returns it for reading. Small contents are served from memory even if they are on disk too: a mount
// has thousands open, and descriptors are few. Others are served from their file, as long as they have one.
func (d *Disk) keep(s *spool, e entry) (*blob, error) {
	b, inMemory := &blob{size: e.size, filled: e.filled}, s.file == nil
	if inMemory {
		b.data = bytes.Clone(s.data)
	}
	problem := s.cause
	if problem == nil {
		problem = d.save(s, e)
	}
	d.unsaved.remove(e.key)
	if problem == nil {
		d.failing.Store(false)
	} else {
		d.noteUnsaved(problem)
	}
	switch {
	case inMemory && problem == nil && e.size <= smallBytes:
		d.small.add(e.content, b)
	case inMemory && problem == nil:
		if file := d.recallLarge(e); file != nil {
			return file, nil
		}
	case inMemory:
		d.unsaved.add(e.key, b)
	case s.file == nil: // lost on its way to its place
		return nil, problem
	default:
		b.file, s.file = s.file, nil
	}
	return b, nil
}

// save puts the spool's bytes in their place and then writes the entry, unless just that stands there. What is as large as the
// whole cache has an entry only: to keep it, all else would have to go.
func (d *Disk) save(s *spool, e entry) error {
	if e.size <= d.trimmed() {
		if err := d.saveContent(s, e); err != nil {
			return err
		}
	}
	was, known := d.readEntry(e.key)
	same := known && was.content == e.content && was.size == e.size
	switch {
	case same && e.undated:
		return nil
	case known && e.last && !same:
		_ = os.Chmod(d.path(contentsDir, was.content), 0o600) // superseded; if it is gone, so much the better
	}
	return d.writeEntry(e)
}

// saveContent has the file of a content in its place. One that is there already stays.
func (d *Disk) saveContent(s *spool, e entry) error {
	path := d.path(contentsDir, e.content)
	var replaced int64
	if info, err := os.Lstat(path); err == nil {
		if s.file == nil && d.stands(path, info, e) {
			return d.use(path, info, e)
		}
		replaced = info.Size()
		e.last = e.last || goesLast(info)
	}
	if err := d.writeContent(s, path, e); err != nil {
		return err
	}
	d.count(e.size - replaced)
	d.trimSoon()
	return nil
}

// stands reports whether the file of a content that is held has its bytes. Bytes in memory were verified when they came there.
func (d *Disk) stands(path string, info iofs.FileInfo, e entry) bool {
	if !info.Mode().IsRegular() || info.Size() != e.size {
		return false
	}
	if d.small.get(e.content) != nil || d.isVerified(e.content, info) {
		return true
	}
	f, info, err := openFile(path)
	if err != nil {
		return false
	}
	defer f.Close()
	if _, err = verify(context.Background(), f, info, e); err == nil && e.size > smallBytes { // no more than is held
		d.remember(e.content, info)
	}
	return err == nil
}

// use notes on a file that stands that it is used now, and marks it if it goes last.
func (d *Disk) use(path string, info iofs.FileInfo, e entry) error {
	if d.touch(path, info) && e.size > smallBytes {
		d.rememberNow(path, e.content)
	}
	if !e.last || goesLast(info) {
		return nil
	}
	return markLast(path)
}

// writeContent writes the file of a content that is held, or moves that of the spool, which from then on has no temporary file to
// remove.
func (d *Disk) writeContent(s *spool, path string, e entry) (err error) {
	if s.file == nil {
		if err := d.writeFile(path, s.data, e.last); err != nil {
			return err
		}
		if e.size > smallBytes {
			d.rememberNow(path, e.content)
		}
		return nil
	}
	if e.last {
		if err := markLast(s.temp); err != nil {
			return err
		}
	}
	if s.file, err = d.installContent(s.file, path); err != nil {
		return err
	}
	s.temp = ""
	if info, err := s.file.Stat(); err == nil {
		d.remember(e.content, info)
	}
	return nil
}

// noteUnsaved counts and logs that a content could not be written: once a breakdown, not
// once a content.
func (d *Disk) noteUnsaved(err error) {
	d.unwritten.Add(1)
	if !d.failing.Swap(true) {
		d.log.Warn("the cache cannot be written; what is small enough is held in memory",
			"dir", d.dir, "err", err)
	}
}
