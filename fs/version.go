package fs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"time"
)

// Youth is how long after its newest stamp a content counts as young. The service's reads may
// lag behind its stamps by minutes, so what is read in that time may be older than its stamp
// says. It is served, and fetched once more when it is asked for later: a young version has
// another key than the settled one of the same stamps.
const Youth = 10 * time.Minute

const youngSuffix = "-young"

// rendering is part of every key. It goes up when the same objects are rendered to other bytes, so
// that what an earlier codafs kept is not taken for what this one would write.
const rendering = "1"

// Young reports whether a version's bytes may be older than its stamps.
func (v Version) Young() bool { return strings.HasSuffix(v.Key, youngSuffix) }

// young is the version of the same stamps as it was when they were new.
func (v Version) young() Version {
	v.Key += youngSuffix
	return v
}

// versionHash gathers what goes into a file's bytes.
type versionHash struct {
	h      hash.Hash
	newest time.Time // of the stamps, and of changes that are known and have none
	moved  time.Time // when something moved that has no stamp; counts for youth alone
	// computed is the most that is computed of what goes in.
	computed Computed
}

func newVersionHash(how string) *versionHash {
	v := &versionHash{h: sha256.New()}
	fmt.Fprintf(v.h, "%s\x00%s\x00", rendering, how)
	return v
}

// add takes in an object by its id and stamp.
func (v *versionHash) add(id string, stamp time.Time) {
	fmt.Fprintf(v.h, "%s\x00%d\x00", id, stamp.UnixMicro())
	if stamp.After(v.newest) {
		v.newest = stamp
	}
}

// addColumns takes in a table's columns.
func (v *versionHash) addColumns(c columnList) {
	fmt.Fprintf(v.h, "%s\x00", c.Hash)
	if c.Since.After(v.moved) {
		v.moved = c.Since
	}
	if c.Changed.After(v.newest) {
		v.newest = c.Changed // no stamp tells of it, and who copies goes by time
	}
	v.computes(c.computed)
}

// computes notes that some of the bytes are computed. That is no part of the key.
func (v *versionHash) computes(c Computed) { v.computed = max(v.computed, c) }

func (v *versionHash) version(now time.Time) Version {
	key := hex.EncodeToString(v.h.Sum(nil)[:16])
	if now.Sub(v.newest) < Youth || now.Sub(v.moved) < Youth {
		key += youngSuffix
	}
	return Version{Key: key, ModTime: v.newest, Computed: v.computed}
}

// bytesVersion is the version of a file whose bytes are known. The stamp counts too: who has a
// version has its time, and a doc's stamp moves more often than the bytes of its lists.
func bytesVersion(b []byte, modTime time.Time) Version {
	h := sha256.New()
	fmt.Fprintf(h, "%d\x00", modTime.UnixMicro())
	h.Write(b)
	return Version{Key: hex.EncodeToString(h.Sum(nil)[:16]), ModTime: modTime}
}
