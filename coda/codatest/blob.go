package codatest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/url"
	"strconv"
	"time"
)

// Blob is a file that the service itself stores for a doc: an image, a video, an attachment. Its id names its bytes for
// good, in all pages and cells that show it. A page shows one by ![text](blob:ID) in its Body, a cell by [Image].
type Blob struct {
	ID   string
	Name string
	// Type is its MIME type. What is neither an image nor a video is shown as a link.
	Type          string
	Width, Height int
	Content       Content
	// Status is live, deleted or failed; "" is live. Only the bytes of a live one are served.
	Status string
	// URL is where the service says that the blob is, "" for its own blob host: a page may be hostile.
	URL string
}

// Content is what a blob's bytes are read from, such as a [bytes.Reader]. It is read by several goroutines.
type Content interface {
	io.ReaderAt
	Size() int64
}

// Noise is content of a size that takes no memory. Equal arguments give equal bytes.
func Noise(seed uint64, size int64) Content {
	return io.NewSectionReader(noise(seed), 0, size)
}

// noise is bytes without end. Each eight of them are a hash of their place (splitmix64).
type noise uint64

// ReadAt never fails.
func (n noise) ReadAt(p []byte, off int64) (int, error) {
	var word [8]byte
	for i := 0; i < len(p); {
		at := off + int64(i)
		if at%8 == 0 && len(p)-i >= 8 {
			binary.LittleEndian.PutUint64(p[i:], n.word(at))
			i += 8
			continue
		}
		binary.LittleEndian.PutUint64(word[:], n.word(at))
		i += copy(p[i:], word[at%8:])
	}
	return len(p), nil
}

// word is the one of eight bytes that a place is in.
func (n noise) word(at int64) uint64 {
	x := uint64(n) + uint64(at/8+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// size is that of the blob's bytes.
func (b *Blob) size() int64 {
	if b.Content == nil {
		return 0
	}
	return b.Content.Size()
}

// status is the API's word for it.
func (b *Blob) status() string {
	if b.Status == "" {
		return "live"
	}
	return b.Status
}

func (d *Doc) blob(id string) *Blob { return find(d.Blobs, func(b *Blob) bool { return b.ID == id }) }

// addresses makes the addresses of blobs. Each ends in a key that is all one needs to read the blob. With
// Options.BlobLife keys are made for a period of that length, and work until the end of the next one; so no address
// tells how long it works, and two answers of one period are the same.
type addresses struct {
	base    string
	expired int   // how often ExpireBlobs was called
	period  int64 // 0 where addresses work for good
}

// addresses are those that the server gives at a time.
func (s *Server) addresses(now time.Time) addresses {
	a := addresses{base: s.o.Blobs, expired: int(s.expired.Load())}
	if s.o.BlobLife > 0 {
		a.period = int64(now.UnixNano() / int64(s.o.BlobLife))
	}
	return a
}

// path is the path of a blob's address.
func (a addresses) path(doc, id string) string {
	mac := hmac.New(sha256.New, []byte("codatest"))
	for _, part := range []string{doc, id, strconv.Itoa(a.expired), strconv.FormatInt(a.period, 10)} {
		mac.Write([]byte(part + "\x00"))
	}
	return "/docs/" + url.PathEscape(doc) + "/blobs/" + url.PathEscape(id) + "/" + hex.EncodeToString(mac.Sum(nil))
}

// blobURL is the address that the service gives for a blob now, also for one that does not exist.
func (d *Doc) blobURL(id string) string {
	if b := d.blob(id); b != nil && b.URL != "" {
		return b.URL
	}
	return d.addresses.base + d.addresses.path(d.ID, id)
}

// AddBlob uploads a blob. That alone moves no stamp: nothing shows it yet.
func (w *Workspace) AddBlob(docID string, b *Blob) {
	w.Recompute(docID, func(d *Doc) { d.Blobs = append(d.Blobs, b) })
}

// ExpireBlobs has all addresses of blobs that were given so far die.
func (s *Server) ExpireBlobs() { s.expired.Add(1) }

// BlobURL is the address that the service gives for a blob now.
func (s *Server) BlobURL(docID, id string) string {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	d := s.w.mustDoc(docID)
	d.addresses = s.addresses(s.o.Now())
	return d.blobURL(id)
}
