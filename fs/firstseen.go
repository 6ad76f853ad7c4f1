package fs

import "time"

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
