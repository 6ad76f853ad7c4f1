package cache

import (
	"context"
	"crypto/sha256"
	"os"
)

// fill has fill write the content and keeps it. What cannot be kept is served all the
// same, as long as it can be held.
func (d diskKeeper) fill(ctx context.Context, key string, fill Fill) (*blob, error) {
	d.trimSoon() // the first one counts, while the fill waits for the network
	e := entry{key: sha256.Sum256([]byte(key)), filled: d.now(), last: d.last(key)}
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

// keep saves what is in s and returns it for reading.
func (d *Disk) keep(s *spool, e entry) (b *blob, err error) {
	b = &blob{size: e.size, filled: e.filled}
	// Small contents are served from memory even if they are on disk too: a mount has thousands open, and descriptors are few.
	inMemory := s.file == nil || e.size <= smallBytes
	if inMemory {
		if b.data, err = s.bytes(); err != nil {
			return nil, err
		}
	}
	problem := s.cause
	if s.file != nil {
		problem = d.save(s, e)
	}
	d.unsaved.remove(e.key)
	if problem == nil {
		d.failing.Store(false)
	} else {
		d.noteUnsaved(problem)
	}
	switch {
	case inMemory && problem == nil:
		d.small.add(e.content, b)
	case inMemory:
		d.unsaved.add(e.key, b)
	case s.file == nil: // lost on its way to its place
		return nil, problem
	default:
		b.file, s.file = s.file, nil
	}
	return b, nil
}

// save moves the spool's file to its place and then writes the entry. What is as large as the
// whole cache has an entry only: to keep it, all else would have to go.
func (d *Disk) save(s *spool, e entry) error {
	if e.size <= d.trimmed() {
		if err := d.saveContent(s, e); err != nil {
			return err
		}
	}
	if was, ok := d.readEntry(e.key); ok && e.last && was.content != e.content {
		_ = os.Chmod(d.path(contentsDir, was.content), 0o600) // superseded; if it is gone, so much the better
	}
	return d.writeEntry(e)
}

// saveContent moves the spool's file to its place. From then on s has no temporary file to remove.
func (d *Disk) saveContent(s *spool, e entry) error {
	path := d.path(contentsDir, e.content)
	var replaced int64
	if info, err := os.Lstat(path); err == nil {
		replaced = info.Size()
		e.last = e.last || goesLast(info)
	}
	if e.last {
		if err := markLast(s.file); err != nil {
			return err
		}
	}
	var err error
	if s.file, err = d.installContent(s.file, path); err != nil {
		return err
	}
	s.temp = ""
	d.count(e.size - replaced)
	d.trimSoon()
	if e.size > smallBytes {
		if info, err := s.file.Stat(); err == nil {
			d.remember(e.content, info)
		}
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
