package fs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"time"
)

// Youth is how long after its newest stamp a version counts as young. The service's reads may lag behind its stamps by
// minutes, so bytes that are read in that time may be older than their stamp. They are served, and fetched once more
// later: a young version has another key than the settled version of the same stamps.
const Youth = 10 * time.Minute

const youngSuffix = "-young"

// rendering is part of every key. It is increased when the same objects are rendered to other bytes, so that contents
// kept by an earlier codafs are not taken for current ones.
const rendering = "1"

// Young reports whether a version's bytes may be older than its stamps.
func (v Version) Young() bool { return strings.HasSuffix(v.Key, youngSuffix) }

// young is the young version of the same stamps.
func (v Version) young() Version {
	v.Key += youngSuffix
	return v
}

// versionHash hashes what goes into a file's bytes.
type versionHash struct {
	h      hash.Hash
	newest time.Time // of the stamps, and of known changes that have none
	moved  time.Time // the last known change that has no stamp; counts for youth alone
	// computed is the strongest Computed of what goes in.
	computed Computed
}

func newVersionHash(how string) *versionHash {
	v := &versionHash{h: sha256.New()}
	fmt.Fprintf(v.h, "%s\x00%s\x00", rendering, how)
	return v
}

// add adds an object by its id and stamp.
func (v *versionHash) add(id string, stamp time.Time) {
	fmt.Fprintf(v.h, "%s\x00%d\x00", id, stamp.UnixMicro())
	if stamp.After(v.newest) {
		v.newest = stamp
	}
}

// addColumns adds a table's columns.
func (v *versionHash) addColumns(c columnList) {
	fmt.Fprintf(v.h, "%s\x00", c.Hash)
	if c.Since.After(v.moved) {
		v.moved = c.Since
	}
	if c.Changed.After(v.newest) {
		v.newest = c.Changed // no stamp shows it, and programs that copy compare times
	}
	v.computes(c.computed)
}

// computes records that some of the bytes are computed. This is not part of the key.
func (v *versionHash) computes(c Computed) { v.computed = max(v.computed, c) }

// version returns the version as of now: young if a stamp, or a change without one, is newer than Youth.
func (v *versionHash) version(now time.Time) Version {
	key := hex.EncodeToString(v.h.Sum(nil)[:16])
	if now.Sub(v.newest) < Youth || now.Sub(v.moved) < Youth {
		key += youngSuffix
	}
	return Version{Key: key, ModTime: v.newest, Computed: v.computed}
}

// bytesVersion is the version of a file whose bytes are known. It hashes the stamp, too: a version has one time, and a
// doc's stamp moves more often than the bytes of its lists.
func bytesVersion(b []byte, modTime time.Time) Version {
	h := sha256.New()
	fmt.Fprintf(h, "%d\x00", modTime.UnixMicro())
	h.Write(b)
	return Version{Key: hex.EncodeToString(h.Sum(nil)[:16]), ModTime: modTime}
}
