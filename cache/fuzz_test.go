package cache

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"
)

// FuzzEntryIsTakenAsWrittenAlone has lines that encode did not write, with a checksum that is right too.
func FuzzEntryIsTakenAsWrittenAlone(f *testing.F) {
	e := entry{key: sha256.Sum256([]byte("key")), content: sha256.Sum256([]byte("content")), size: 7, filled: time.Unix(1, 26)}
	good := e.encode()
	body := good[:len(good)-2*sha256.Size-1]
	f.Add(body)
	f.Add(bytes.ReplaceAll(body, []byte(" "), []byte("  ")))
	f.Add(bytes.ReplaceAll(body, []byte(" 7 "), []byte(" +7 ")))
	f.Add(bytes.ReplaceAll(body, []byte(" 7 "), []byte(" -7 ")))
	f.Add(bytes.ToUpper(body))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, line := range [][]byte{body, fmt.Appendf(bytes.Clone(body), "%x\n", sha256.Sum256(body))} {
			e, ok := decodeEntry(line)
			if ok && (e.size < 0 || !bytes.Equal(e.encode(), line)) {
				t.Errorf("%q is taken for %q", line, e.encode())
			}
		}
	})
}

func FuzzEntryIsReadBack(f *testing.F) {
	f.Add([]byte("key"), []byte("content"), int64(0), int64(0))
	f.Add([]byte{}, []byte{}, int64(1)<<62, int64(-1)<<62)
	f.Fuzz(func(t *testing.T, key, content []byte, size, filled int64) {
		want := entry{key: sha256.Sum256(key), content: sha256.Sum256(content), size: max(size, 0), filled: time.Unix(0, filled)}
		line := want.encode()
		got, ok := decodeEntry(line)
		if !ok || got.key != want.key || got.content != want.content || got.size != want.size || !got.filled.Equal(want.filled) {
			t.Errorf("%q is read as %+v, %v", line, got, ok)
		}
		if len(line) > entryMax {
			t.Errorf("an entry has %d bytes", len(line))
		}
	})
}
