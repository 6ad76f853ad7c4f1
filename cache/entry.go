package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	iofs "io/fs"
	"strconv"
	"time"
)

// entryLife is how long an entry is kept that nobody used and whose content is gone. Package fs
// promises exact sizes of what was once fetched for that long after it was superseded.
const entryLife = 30 * 24 * time.Hour

// entryMax is more than an entry file ever has. A longer file is not ours.
const entryMax = 512

// entry says what was kept under a key. Its file is one line of text, with the SHA-256 of
// all before it at its end: a file that is not just as it was written is no entry.
type entry struct {
	key     sum // SHA-256 of the key; the key itself is written nowhere, see README.md
	content sum // SHA-256 of the content
	size    int64
	filled  time.Time // when its fill began
	last    bool      // see Options.Last; the file does not say it, the content's mode does
	undated bool      // see Options.Undated; the file does not say it
}

// entryMagic begins each entry file. A change of the format changes it.
const entryMagic = "codafs-entry-1"

// encode is the entry as its file has it; README.md describes the line.
func (e entry) encode() []byte {
	b := append(make([]byte, 0, entryMax), entryMagic...)
	b = hex.AppendEncode(append(b, ' '), e.key[:])
	b = hex.AppendEncode(append(b, ' '), e.content[:])
	b = strconv.AppendInt(append(b, ' '), e.size, 10)
	b = strconv.AppendInt(append(b, ' '), e.filled.UnixNano(), 10)
	b = append(b, ' ')
	check := sha256.Sum256(b)
	return append(hex.AppendEncode(b, check[:]), '\n')
}

// decodeEntry undoes encode. It takes nothing else: what encodes to other bytes, be it another
// spelling of a number, was not written by us.
func decodeEntry(line []byte) (e entry, ok bool) {
	fields := bytes.Fields(line)
	if len(fields) != 6 {
		return entry{}, false
	}
	size, sizeErr := strconv.ParseInt(string(fields[3]), 10, 64)
	nanos, nanosErr := strconv.ParseInt(string(fields[4]), 10, 64)
	if sizeErr != nil || nanosErr != nil || size < 0 || !parseSum(&e.key, fields[1]) || !parseSum(&e.content, fields[2]) {
		return entry{}, false
	}
	e.size, e.filled = size, time.Unix(0, nanos)
	return e, bytes.Equal(e.encode(), line) // the checksum, and all between the fields
}

// sum is the SHA-256 of a key or of a content.
type sum [sha256.Size]byte

// parseSum reads a hash as it stands in entries and file names.
func parseSum(to *sum, text []byte) bool {
	if len(text) != hex.EncodedLen(len(to)) {
		return false
	}
	_, err := hex.Decode(to[:], text)
	return err == nil
}

// readEntry returns the entry for the key with that hash, if there is a good one. Each
// look counts as a use of the entry, not of its content.
func (d *Disk) readEntry(key sum) (entry, bool) {
	path := d.path(entriesDir, key)
	e, info, ok := loadEntry(path)
	if !ok || e.key != key {
		return entry{}, false
	}
	d.touch(path, info)
	return e, true
}

// loadEntry reads an entry's file. Whether it is of the key that was asked for, the caller looks.
func loadEntry(path string) (e entry, info iofs.FileInfo, ok bool) {
	f, info, err := openFile(path)
	if err != nil {
		return entry{}, nil, false
	}
	defer f.Close()
	var line [entryMax]byte
	n, err := f.Read(line[:])
	if err != nil {
		return entry{}, nil, false
	}
	e, ok = decodeEntry(line[:n])
	return e, info, ok
}

// writeEntry puts an entry in its place, over an older one if there is one. The content must have
// its place already: a reader that finds the entry looks for it.
func (d *Disk) writeEntry(e entry) error {
	return d.writeFile(d.path(entriesDir, e.key), e.encode(), false)
}
