package fs

import (
	"strconv"
	"strings"
	"time"
)

// Youth is how long after its newest stamp a version counts as young. The service's reads may lag behind its stamps by
// minutes, so bytes that are read in that time may be older than their stamp. They are served, and fetched once more
// later: a young version has another key than the settled version of the same stamps.
const Youth = 10 * time.Minute

const youngSuffix = "-young"

// Young reports whether a version's bytes may be older than its stamps.
func (v Version) Young() bool { return strings.HasSuffix(v.Key, youngSuffix) }

// AsYoung is the young version of the same stamps.
func (v Version) AsYoung() Version {
	v.Key += youngSuffix
	return v
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

// SettledStamps is Stamps, but the same for young and settled versions.
func (v Version) SettledStamps() string {
	stamps, _, _ := strings.Cut(v.Key, ".")
	return strings.TrimSuffix(stamps, youngSuffix)
}

// OfStamps is v with the key of its stamps alone.
func (v Version) OfStamps() Version {
	v.Key = v.Stamps()
	return v
}

// WithBytes is v, a version of stamps alone, for other bytes than those that were fetched first under these stamps: sum is
// their SHA-256 in hexadecimal digits, and since is when they were first seen.
func (v Version) WithBytes(sum string, since time.Time) Version {
	stamps, young := strings.CutSuffix(v.Key, youngSuffix)
	v.Key = stamps + "." + sum[:bytesDigits] + strconv.FormatInt(since.UnixMilli(), 36)
	if young {
		v.Key += youngSuffix
	}
	v.Since = since
	if since.After(v.ModTime) {
		v.ModTime = since
	}
	return v
}
