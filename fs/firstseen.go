package fs

import (
	"context"
	"encoding/json"
	"io"
	"time"
)

// Seen is what is remembered of the bytes of a file, so that every change of them also changes the mtime: programs that
// copy compare size and mtime. Stamps do not cover all bytes: some data has no stamp (permissions), some changes
// without moving its stamp, and a read just after an edit may be older than its stamp.
type Seen struct {
	// SHA256 is the hash of the bytes. Another hash will do, if it is always the same one.
	SHA256 string `json:"sha256"`
	// ModTime is the newest stamp, or when the bytes were first seen, whichever is later.
	ModTime time.Time `json:"mtime"`
	// Since is when the bytes were first seen; zero if only their stamp is known.
	Since time.Time `json:"since,omitzero"`
}

// Next returns what to remember after bytes with the hash sum were seen under a stamp. If nothing was remembered (s is
// the zero value), they have the time of their stamp. A newer stamp explains different bytes, unless they are
// unstamped: then the change may be newer than the stamp.
func (s Seen) Next(sum string, stamp time.Time, unstamped bool, now time.Time) Seen {
	next := Seen{SHA256: sum, ModTime: stamp}
	switch {
	case s == Seen{}:
		return next
	case s.SHA256 == sum:
		next.Since = s.Since
		if s.ModTime.After(stamp) {
			next.ModTime = s.ModTime
		}
		return next
	case !unstamped && stamp.After(s.ModTime):
		return next
	}
	next.Since = now.UTC().Truncate(time.Millisecond)
	for _, known := range []time.Time{stamp, s.ModTime} {
		// Programs compare whole seconds. And a clock that is behind must not hide the change.
		if next.Since.Sub(known) < time.Second {
			next.Since = known.Add(time.Second)
		}
	}
	next.ModTime = next.Since
	return next
}

// memo has the version of a file by its stamp alone, and the version as it was seen.
type memo struct{ stamped, is Version }

// versionSeen returns the version of bytes that are at hand. The Store remembers what was seen, for all processes.
func (f *file) versionSeen(ctx context.Context, now *shown, stamp time.Time) (Version, error) {
	stamped := now.version(stamp)
	f.u.seenMu.Lock() // held during Store calls: if two find the same change, it must get one time
	defer f.u.seenMu.Unlock()
	if m, ok := f.u.seen[f.sizeKey()]; ok && m.stamped == stamped {
		return m.is, nil
	}
	store, key := f.u.t.store, f.u.key("first-seen-"+string(f.obj.Kind), f.obj.ID, "")
	var last Seen
	if c, ok := store.Lookup(ctx, key); ok {
		if b, err := readAll(c); err != nil || json.Unmarshal(b, &last) != nil {
			last = Seen{}
		}
	} else if at, ok := store.Filled(key); ok {
		last.ModTime = at // evicted: a needless new time is better than a change that nobody sees
	}
	next := last.Next(bytesVersion(now.bytes, time.Time{}).Key, stamp, f.renew != nil, f.u.t.opts.Now())
	if next != last {
		c, err := store.Put(ctx, key, func(_ context.Context, w io.Writer) error { return json.NewEncoder(w).Encode(next) })
		if err != nil {
			return Version{}, err
		}
		c.Close()
	}
	is := stamped
	if !next.ModTime.Equal(stamp) {
		is = bytesVersion(now.bytes, next.ModTime)
	}
	is.Since = next.Since
	if f.u.seen == nil {
		f.u.seen = map[string]memo{}
	}
	f.u.seen[f.sizeKey()] = memo{stamped, is}
	return is, nil
}
