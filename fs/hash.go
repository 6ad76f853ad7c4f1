package fs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"time"
)

// Rendering is part of every key. It is increased when the same objects are rendered to other bytes, so that contents
// kept by an earlier codafs are not taken for current ones.
const Rendering = "1"

// VersionHash hashes what goes into a file's bytes.
type VersionHash struct {
	h      hash.Hash
	newest time.Time // of the stamps, and of known changes that have none
	moved  time.Time // the last known change that has no stamp; counts for youth alone
	// computed is the strongest Computed of what goes in.
	computed Computed
}

// NewVersionHash begins a hash. how names the way in which the bytes are made: other ways make other versions.
func NewVersionHash(how string) *VersionHash {
	v := &VersionHash{h: sha256.New()}
	fmt.Fprintf(v.h, "%s\x00%s\x00", Rendering, how)
	return v
}

// Add adds an object by its id and stamp.
func (v *VersionHash) Add(id string, stamp time.Time) {
	fmt.Fprintf(v.h, "%s\x00%d\x00", id, stamp.UnixMicro())
	if stamp.After(v.newest) {
		v.newest = stamp
	}
}

// AddUnstamped adds data that has no stamp, by its hash. since is when it became as it is, or later; changed is that time
// if it was known to be different before.
func (v *VersionHash) AddUnstamped(hash string, since, changed time.Time) {
	fmt.Fprintf(v.h, "%s\x00", hash)
	if since.After(v.moved) {
		v.moved = since
	}
	if changed.After(v.newest) {
		v.newest = changed // no stamp shows it, and programs that copy compare times
	}
}

// Newest is the newest of the stamps, and of known changes that have none.
func (v *VersionHash) Newest() time.Time { return v.newest }

// Computed is how much of the bytes is computed.
func (v *VersionHash) Computed() Computed { return v.computed }

// Computes records that some of the bytes are computed. This is not part of the key.
func (v *VersionHash) Computes(c Computed) { v.computed = max(v.computed, c) }

// Version returns the version as of now: young if a stamp, or a change without one, is newer than Youth.
func (v *VersionHash) Version(now time.Time) Version {
	key := hex.EncodeToString(v.h.Sum(nil)[:16])
	if now.Sub(v.newest) < Youth || now.Sub(v.moved) < Youth {
		return Version{Key: key, ModTime: v.newest, Computed: v.computed}.AsYoung()
	}
	return Version{Key: key, ModTime: v.newest, Computed: v.computed}
}

// BytesVersion is the version of a file whose bytes are known. It hashes the stamp, too: a version has one time, and a
// doc's stamp moves more often than the bytes of its lists.
func BytesVersion(b []byte, modTime time.Time) Version {
	h := sha256.New()
	fmt.Fprintf(h, "%d\x00", modTime.UnixMicro())
	h.Write(b)
	return Version{Key: hex.EncodeToString(h.Sum(nil)[:16]), ModTime: modTime}
}

// LastingVersion is the version of a file whose id names its bytes for good: it is the same whatever moves, and never young.
func LastingVersion(id string, modTime time.Time) Version {
	return Version{Key: BytesVersion([]byte(id), time.Time{}).Key, ModTime: modTime}
}
