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

// The same stamps may have other bytes: where they are computed (see [Computed]), where they were fetched so soon after
// an edit that they were older than their stamps (see Youth), and wherever the service says so when what was evicted is
// fetched again. Only fetching them anew tells. Who first
// fetched them has the version of the stamps; other bytes that are found later make another version of it, whose key goes
// on with their hash, and whose time is when they were first seen. This is remembered in the Store, so that
// a later run and another process show the same.

// seen is what is remembered of the bytes of a file under its present stamps, young or settled.
type seen struct {
	stamps string // what the keys of all these versions begin with
	// SHA256 is of the bytes that were fetched last, FetchedAt when that began.
	SHA256    string    `json:"sha256"`
	FetchedAt time.Time `json:"fetched_at"`
	// Since is when these bytes were first seen, the last ones; zero while none but the first were.
	Since time.Time `json:"since,omitzero"`
}

// bytesDigits is how many digits of a hash are in a key.
const bytesDigits = 12

// Stamps is the key of the stamps alone: versions that have it in common differ in what was computed.
func (v Version) Stamps() string {
	stamps, rest, _ := strings.Cut(v.Key, ".")
	if rest != "" && v.Young() {
		stamps += youngSuffix
	}
	return stamps
}

// Bytes is what the SHA-256 of the bytes begins with, in hexadecimal digits; "" for those that were
// first fetched under their stamps.
func (v Version) Bytes() string {
	_, bytes, _ := strings.Cut(v.Key, ".")
	return bytes[:min(len(bytes), bytesDigits)]
}

// stampsAtAnyAge is Stamps for young and settled versions alike.
func (v Version) stampsAtAnyAge() string {
	stamps, _, _ := strings.Cut(v.Key, ".")
	return strings.TrimSuffix(stamps, youngSuffix)
}

// ofStamps is the version of the stamps of v.
func (v Version) ofStamps() Version {
	v.Key = v.Stamps()
	return v
}

// version is the version of the bytes that were seen last, of those with the stamps of v.
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

// hasStamps reports whether the versions of f are of stamps, and not of bytes.
func (f *file) hasStamps() bool {
	_, ofBytes := f.make.(*jsonMaker)
	return !ofBytes
}

// asSeen is the current version of the stamps of v, which has no more than those.
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
	return f.d.key("seen-"+string(f.obj.Kind), f.obj.ID, stamps)
}

// lostSum stands for the hash of bytes of which only that they were seen is remembered: none have it.
var lostSum = strings.Repeat("0", 2*sha256.Size)

// loadSeen reads what is remembered of the stamps of v, by whichever process.
func (f *file) loadSeen(ctx context.Context, v Version) *seen {
	s, store, key := &seen{}, f.d.t.store, f.seenKey(v.stampsAtAnyAge())
	if c, ok := store.Lookup(ctx, key); ok {
		b, err := readAll(c)
		if err != nil || json.Unmarshal(b, s) != nil || len(s.SHA256) != 2*sha256.Size {
			s = &seen{}
		}
	}
	if at, ok := store.Filled(key); ok && s.SHA256 == "" {
		s.SHA256, s.Since = lostSum, at // evicted: rather a time that moves in vain than a change that nobody sees
	}
	s.stamps = v.stampsAtAnyAge()
	f.seen.Store(s)
	return s
}

// lastSeen is loadSeen with the hash of the bytes that were fetched last, if the Store remembers any.
func (f *file) lastSeen(ctx context.Context, v Version) seen {
	last := *f.loadSeen(ctx, v)
	settled := Version{Key: last.stamps}
	for _, of := range []Version{settled, settled.young()} {
		if sum, ok := f.d.t.store.Sum(f.key(of)); ok && last.SHA256 == "" {
			last.SHA256 = hex.EncodeToString(sum[:])
		}
	}
	return last
}

func (f *file) keepSeen(ctx context.Context, s *seen) error {
	f.seen.Store(s)
	c, err := f.d.t.store.Put(ctx, f.seenKey(s.stamps), func(_ context.Context, w io.Writer) error { return json.NewEncoder(w).Encode(s) })
	if err != nil {
		return err
	}
	return c.Close()
}

// fetchedAt is when the bytes of v, which are at hand, were fetched.
func (f *file) fetchedAt(v Version) time.Time {
	if s := f.seen.Load(); s != nil && s.stamps == v.stampsAtAnyAge() && s.SHA256 != "" {
		return s.FetchedAt
	}
	at, _ := f.d.t.store.Filled(f.key(v))
	return at
}
