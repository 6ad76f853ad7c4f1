package remote

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/codafs/codafs/fs"
)

// The same stamps may have different bytes: if bytes are computed (see [fs.Computed]), if they were fetched so soon after
// an edit that they are older than their stamps (see Youth), or if the service answers differently when evicted bytes
// are fetched again. Only another fetch shows it. The bytes that were fetched first have the version of the stamps.
// Different bytes that are found later have another version: its key also has their hash, and its time is when they
// were first seen. The Store remembers this, so that later runs and other processes show the same.

// seen is what is remembered of the bytes of a file under its present stamps, young or settled.
type seen struct {
	stamps string // the common beginning of the keys of all these versions
	// SHA256 is the hash of the bytes fetched last, FetchedAt is when that fetch began.
	SHA256    string    `json:"sha256"`
	FetchedAt time.Time `json:"fetched_at"`
	// Since is when the bytes fetched last were first seen; zero while only the first ones were seen.
	Since time.Time `json:"since,omitzero"`
}

// version is that of the bytes which were seen last under the stamps of v.
func (s *seen) version(v fs.Version) fs.Version {
	if s.Since.IsZero() {
		return v
	}
	return v.WithBytes(s.SHA256, s.Since)
}

// hasStamps reports whether the versions of f are hashes of stamps, and not of bytes.
func (f *File) hasStamps() bool {
	_, ofBytes := f.renderer.(*shownRenderer)
	return !ofBytes
}

// asSeen returns the current version for the stamps of v. v is a version of stamps alone.
func (f *File) asSeen(ctx context.Context, v fs.Version) fs.Version {
	if !f.hasStamps() {
		return v
	}
	stamps := v.SettledStamps()
	if n := beginningOf(stamps); n != 0 && n == f.State.none.Load() {
		return v
	}
	s := f.State.seen.Load()
	if s == nil || s.stamps != stamps {
		s = f.loadSeen(ctx, v)
	}
	return s.version(v)
}

// beginningOf is the number that the first 16 digits of stamps stand for, which differs from those of all other stamps.
func beginningOf(stamps string) uint64 {
	n, _ := strconv.ParseUint(stamps[:min(16, len(stamps))], 16, 64) // 0 if they are no hash: that is not remembered
	return n
}

func (f *File) seenKey(stamps string) string {
	return f.u.Key("seen-"+string(f.kind), f.obj.ID, stamps)
}

// lostSum stands for a hash that is no longer remembered. No bytes have it.
var lostSum = strings.Repeat("0", 2*sha256.Size)

// loadSeen reads what is remembered of the bytes under the stamps of v, by this process or another one.
func (f *File) loadSeen(ctx context.Context, v fs.Version) *seen {
	store, stamps := f.u.t.store, v.SettledStamps()
	key := f.seenKey(stamps)
	at, ok := store.Filled(key)
	if !ok {
		f.State.none.Store(beginningOf(stamps))
		return &seen{stamps: stamps}
	}
	s, _ := fs.LookupJSON[seen](ctx, store, key)
	if len(s.SHA256) != 2*sha256.Size {
		s = seen{SHA256: lostSum, Since: at} // evicted: a needless new time is better than a change that nobody sees
	}
	s.stamps = stamps
	f.State.seen.Store(&s)
	return &s
}

// lastSeen is loadSeen with the hash of the bytes that were fetched last, if the Store has it.
func (f *File) lastSeen(ctx context.Context, v fs.Version) seen {
	last := *f.loadSeen(ctx, v)
	settled := fs.Version{Key: last.stamps}
	for _, of := range []fs.Version{settled, settled.AsYoung()} {
		if sum, ok := f.u.t.store.Sum(f.key(of)); ok && last.SHA256 == "" {
			last.SHA256 = hex.EncodeToString(sum[:])
		}
	}
	return last
}

// keepSeen stores s for this and all other processes.
func (f *File) keepSeen(ctx context.Context, s *seen) error {
	f.State.seen.Store(s)
	f.State.none.Store(0)
	return fs.PutJSON(ctx, f.u.t.store, f.seenKey(s.stamps), s)
}

// fetchedAt returns when the bytes of v, which must be at hand, were fetched.
func (f *File) fetchedAt(v fs.Version) time.Time {
	if s := f.State.seen.Load(); s != nil && s.stamps == v.SettledStamps() && s.SHA256 != "" {
		return s.FetchedAt
	}
	at, _ := f.u.t.store.Filled(f.key(v))
	return at
}
