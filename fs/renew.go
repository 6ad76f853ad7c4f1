package fs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/codafs/codafs/coda"
)

// Bytes that are computed (see [Computed]) may be others under the same stamps. Only fetching them anew tells. Who first
// fetched them has the version of the stamps; other bytes that are found later make another version of it, whose key goes
// on with their hash, and whose time is when they were first seen. This is remembered in the Store, so that
// a later run and another process show the same.

// seen is what is remembered of the bytes of a file under its present stamps.
type seen struct {
	stamps string // the key of the version of the stamps
	// SHA256 is of the bytes that were fetched last, FetchedAt when that began.
	SHA256    string    `json:"sha256"`
	FetchedAt time.Time `json:"fetched_at"`
	// Since is when these bytes were first seen; zero while none but the first were.
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

// asSeen is the current version of the stamps of v, which has no more than those.
func (f *file) asSeen(ctx context.Context, v Version) Version {
	if v.Computed == ComputedNot {
		return v
	}
	s := f.seen.Load()
	if s == nil || s.stamps != v.Key {
		s = f.loadSeen(ctx, v.Key)
	}
	return s.version(v)
}

func (f *file) seenKey(stamps string) string {
	return f.d.key("seen-"+string(f.obj.Kind), f.obj.ID, stamps)
}

// loadSeen reads what is remembered, by whichever process.
func (f *file) loadSeen(ctx context.Context, stamps string) *seen {
	s := &seen{}
	if c, ok := f.d.t.store.Lookup(ctx, f.seenKey(stamps)); ok {
		b, err := readAll(c)
		if err != nil || json.Unmarshal(b, s) != nil || len(s.SHA256) != 2*sha256.Size {
			s = &seen{}
		}
	}
	s.stamps = stamps
	f.seen.Store(s)
	return s
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
	if s := f.seen.Load(); s != nil && s.stamps == v.Stamps() && s.SHA256 != "" {
		return s.FetchedAt
	}
	at, _ := f.d.t.store.Filled(f.key(v))
	return at
}

// Renew implements [Renewable].
func (f *file) Renew(ctx context.Context, before time.Time) error {
	v, err := f.Version(ctx)
	if err != nil || v.Computed == ComputedNot {
		return err
	}
	s := f.loadSeen(ctx, v.Stamps())
	if v = s.version(v.ofStamps()); s.SHA256 == "" && !f.AtHand(v) || !f.fetchedAt(v).Before(before) {
		return nil
	}
	c, _, err := f.fetchAnew(ctx, v)
	if err != nil {
		if coda.CodeOf(err) != coda.CodeOffline && !errors.Is(err, ErrStale) {
			f.d.t.failed(ctx, err, f.obj, f.path())
		}
		return err
	}
	return c.Close()
}

// RenewIfOld implements [Renewable].
func (f *file) RenewIfOld(ctx context.Context) error {
	t := f.d.t
	if f.renew != nil {
		f.renew()
	}
	v, err := f.Version(ctx)
	if err != nil || v.Computed != ComputedVolatile || t.isDown() || f.loadSeen(ctx, v.Stamps()).SHA256 == "" {
		return err // what was never fetched is fetched when it is opened
	}
	before := t.opts.Now().Add(-t.opts.Refresh)
	if last := f.last.Load(); !f.fetchedAt(v).Before(before) || last != nil && last.key == f.seenKey(v.Stamps()) && t.opts.Now().Sub(last.at) < errLife {
		return nil
	}
	defer t.ahead.opened(f, false)()
	err = f.Renew(ctx, before)
	switch {
	case err == nil, errors.Is(err, ErrStale): // the stamps moved: there is another version
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	f.last.Store(&failedMake{f.seenKey(v.Stamps()), err, t.opts.Now()})
	if passing(err) {
		return nil
	}
	return err
}

// fetchAnew fetches the bytes under the stamps of v, whatever is at hand, and gives them with their version.
func (f *file) fetchAnew(ctx context.Context, v Version) (Content, Version, error) {
	store, first := f.d.t.store, v.ofStamps()
	next := &seen{stamps: first.Key, FetchedAt: f.d.t.opts.Now()}
	got, err := f.fill(ctx, store.Put, f.d.key("renewed-"+string(f.obj.Kind), f.obj.ID, first.Key), first)
	if err != nil {
		return nil, v, err
	}
	defer got.Close()
	if next.SHA256, err = hashOf(got); err != nil {
		return nil, v, err
	}
	last := f.loadSeen(ctx, first.Key)
	known := last.SHA256
	if known == "" {
		known = f.hashAtHand(ctx, first)
	}
	if known != "" {
		was := Seen{known, last.version(first).ModTime, last.Since}
		next.Since = was.Next(next.SHA256, first.ModTime, true, next.FetchedAt).Since
	}
	v = next.version(first)
	c, err := store.Put(ctx, f.key(v), func(_ context.Context, w io.Writer) error {
		_, err := io.Copy(w, io.NewSectionReader(got, 0, got.Size()))
		return err
	})
	if err != nil {
		return nil, v, err
	}
	if v.Computed == ComputedVolatile || !next.Since.IsZero() { // of most files nothing needs to be remembered
		if err := f.keepSeen(ctx, next); err != nil {
			c.Close()
			return nil, v, err
		}
	}
	return c, v, nil
}

// hashAtHand is the hash of the bytes of v, "" if they are not at hand.
func (f *file) hashAtHand(ctx context.Context, v Version) string {
	c, ok := f.d.t.store.Lookup(ctx, f.key(v))
	if !ok {
		return ""
	}
	defer c.Close()
	sum, err := hashOf(c)
	if err != nil {
		return ""
	}
	return sum
}

func hashOf(c Content) (string, error) {
	h := sha256.New()
	_, err := io.Copy(h, io.NewSectionReader(c, 0, c.Size()))
	return hex.EncodeToString(h.Sum(nil)), err
}
