package fs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"
)

// The same stamps may have different bytes: if bytes are computed (see [Computed]), if they were fetched so soon after
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

// bytesDigits is how many digits of the hash a key has.
const bytesDigits = 12

// Stamps is the key of the stamps alone: versions that have it in common differ in computed bytes.
func (v Version) Stamps() string {
	stamps, rest, _ := strings.Cut(v.Key, ".")
	if rest != "" && v.Young() {
		stamps += youngSuffix
	}
	return stamps
}

// Bytes is the beginning of the SHA-256 of the bytes, in hexadecimal digits; "" for bytes that were fetched first under
// their stamps.
func (v Version) Bytes() string {
	_, bytes, _ := strings.Cut(v.Key, ".")
	return bytes[:min(len(bytes), bytesDigits)]
}

// stampsAtAnyAge is Stamps, but the same for young and settled versions.
func (v Version) stampsAtAnyAge() string {
	stamps, _, _ := strings.Cut(v.Key, ".")
	return strings.TrimSuffix(stamps, youngSuffix)
}

// ofStamps is v with the key of its stamps alone.
func (v Version) ofStamps() Version {
	v.Key = v.Stamps()
	return v
}

// version is the version of the bytes that were seen last under the stamps of v.
func (s *seen) version(v Version) Version {
	if s.Since.IsZero() {
		return v
	}
	stamps, young := strings.CutSuffix(v.Key, youngSuffix)
	v.Key = stamps + "." + s.SHA256[:bytesDigits] + strconv.FormatInt(s.Since.UnixMilli(), 36)
	if young {
		v.Key += youngSuffix
	}
	v.Since = s.Since
	if s.Since.After(v.ModTime) {
		v.ModTime = s.Since
	}
	return v
}

// hasStamps reports whether the versions of f are hashes of stamps, and not of bytes.
func (f *file) hasStamps() bool {
	_, ofBytes := f.make.(*jsonMaker)
	return !ofBytes
}

// asSeen returns the current version for the stamps of v. v is a version of stamps alone.
func (f *file) asSeen(ctx context.Context, v Version) Version {
	if !f.hasStamps() {
		return v
	}
	s := f.seen.Load()
	if s == nil || s.stamps != v.stampsAtAnyAge() {
		s = f.loadSeen(ctx, v)
	}
	return s.version(v)
}

func (f *file) seenKey(stamps string) string {
	return f.u.key("seen-"+string(f.obj.Kind), f.obj.ID, stamps)
}

// lostSum stands for a hash that is no longer remembered. No bytes have it.
var lostSum = strings.Repeat("0", 2*sha256.Size)

// loadSeen reads what any process remembered about the stamps of v.
func (f *file) loadSeen(ctx context.Context, v Version) *seen {
	s, store, key := &seen{}, f.u.t.store, f.seenKey(v.stampsAtAnyAge())
	if c, ok := store.Lookup(ctx, key); ok {
		b, err := readAll(c)
		if err != nil || json.Unmarshal(b, s) != nil || len(s.SHA256) != 2*sha256.Size {
			s = &seen{}
		}
	}
	if at, ok := store.Filled(key); ok && s.SHA256 == "" {
		s.SHA256, s.Since = lostSum, at // evicted: a needless new time is better than a change that nobody sees
	}
	s.stamps = v.stampsAtAnyAge()
	f.seen.Store(s)
	return s
}

// lastSeen is loadSeen with the hash of the bytes that were fetched last, if the Store has it.
func (f *file) lastSeen(ctx context.Context, v Version) seen {
	last := *f.loadSeen(ctx, v)
	settled := Version{Key: last.stamps}
	for _, of := range []Version{settled, settled.young()} {
		if sum, ok := f.u.t.store.Sum(f.key(of)); ok && last.SHA256 == "" {
			last.SHA256 = hex.EncodeToString(sum[:])
		}
	}
	return last
}

// keepSeen stores s for this and all other processes.
func (f *file) keepSeen(ctx context.Context, s *seen) error {
	f.seen.Store(s)
	c, err := f.u.t.store.Put(ctx, f.seenKey(s.stamps), func(_ context.Context, w io.Writer) error { return json.NewEncoder(w).Encode(s) })
	if err != nil {
		return err
	}
	return c.Close()
}

// fetchedAt returns when the bytes of v, which must be at hand, were fetched.
func (f *file) fetchedAt(v Version) time.Time {
	if s := f.seen.Load(); s != nil && s.stamps == v.stampsAtAnyAge() && s.SHA256 != "" {
		return s.FetchedAt
	}
	at, _ := f.u.t.store.Filled(f.key(v))
	return at
}
