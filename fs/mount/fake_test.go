//go:build linux

package mount

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
)

var stamp2026 = time.Date(2026, 3, 7, 10, 15, 30, 123456789, time.UTC)

// fakeDir is a folder whose entries a test sets.
type fakeDir struct {
	name  string
	obj   fs.Object
	lists atomic.Int64 // calls of Entries

	mu      sync.Mutex // guards what follows
	entries []fs.Node
	err     error
	hidden  map[string]fs.Node
	asked   chan struct{} // gets one for each Lookup
	answer  chan struct{} // Lookup waits until it is closed, and then answers what was
	listed  chan struct{} // gets one for each Entries
	list    chan struct{} // Entries waits until it is closed, and then answers what was
}

func newDir(name string, entries ...fs.Node) *fakeDir {
	return &fakeDir{name: name, obj: fs.Object{Kind: fs.KindFolder, Type: "folder", ID: name}, entries: entries}
}

func (d *fakeDir) Name() string       { return d.name }
func (d *fakeDir) Object() fs.Object  { return d.obj }
func (d *fakeDir) ModTime() time.Time { return stamp2026 }

func (d *fakeDir) set(entries ...fs.Node) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = entries
}

func (d *fakeDir) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

// holdLists has Entries wait with what it is about to answer.
func (d *fakeDir) holdLists() (asked <-chan struct{}, answer chan<- struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listed, d.list = make(chan struct{}, 100), make(chan struct{})
	return d.listed, d.list
}

func (d *fakeDir) Entries(ctx context.Context) ([]fs.Node, error) {
	d.lists.Add(1)
	d.mu.Lock()
	entries, err, listed, list := d.entries, d.err, d.listed, d.list
	d.mu.Unlock()
	if list != nil {
		listed <- struct{}{}
		select {
		case <-list:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return entries, err
}

// holdLookups has lookups wait with what they are about to answer.
func (d *fakeDir) holdLookups() (asked <-chan struct{}, answer chan<- struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked, d.answer = make(chan struct{}, 100), make(chan struct{})
	return d.asked, d.answer
}

// passLookups has further lookups wait no more. Those that wait go on waiting.
func (d *fakeDir) passLookups() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked, d.answer = nil, nil
}

func (d *fakeDir) Lookup(ctx context.Context, name string) (fs.Node, error) {
	n, err := d.find(name)
	d.mu.Lock()
	asked, answer := d.asked, d.answer
	d.mu.Unlock()
	if answer != nil {
		asked <- struct{}{}
		select {
		case <-answer:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return n, err
}

func (d *fakeDir) find(name string) (fs.Node, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n, ok := d.hidden[name]; ok {
		return n, nil
	}
	for _, n := range d.entries {
		if n.Name() == name {
			return n, nil
		}
	}
	return nil, &iofs.PathError{Op: "lookup", Path: name, Err: iofs.ErrNotExist}
}

// fakeFile is a file with a history of versions. Its contents are in files below dir, or in memory
// where dir is "".
type fakeFile struct {
	name string
	obj  fs.Object
	dir  string

	versions atomic.Int64 // calls of Version
	// calls of Size and AtHand
	sizesAsked, handsAsked atomic.Int64
	opens                  atomic.Int64  // calls of Open
	closed                 atomic.Int64  // contents that were closed
	began                  chan struct{} // gets one for each Open, when it has begun
	gate                   chan struct{} // if there is one, Open waits until it is closed
	everNew                atomic.Bool   // the file is volatile, and each Version another one
	costly                 bool          // and costs much to make
	fetch                  time.Duration // how long Open takes until the version was fetched

	mu    sync.Mutex // guards what follows
	data  map[string][]byte
	known map[string]bool // the size of this version can be had without a fetch
	here  map[string]bool // this version was fetched
	now   fs.Version
	guess int64 // what Estimate says
	err   error
	crash bool
}

// newFile gives a file whose size is not known before it was opened.
func newFile(name string, data []byte) *fakeFile {
	f := &fakeFile{
		name: name, obj: fs.Object{Kind: fs.KindPage, DocID: "d1", ID: name, Type: "page"},
		began: make(chan struct{}, 10_000), guess: 1 << 20,
		data: map[string][]byte{}, known: map[string]bool{}, here: map[string]bool{},
	}
	f.publish("v1", data)
	return f
}

// publish makes data the current version. What there was stays at hand.
func (f *fakeFile) publish(key string, data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data[key] = data
	f.now = fs.Version{Key: key, ModTime: stamp2026}
}

// forget makes version key stale.
func (f *fakeFile) forget(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.data, key)
	delete(f.known, key)
	delete(f.here, key)
}

// knowSize makes the size known, as where the content was evicted.
func (f *fakeFile) knowSize() *fakeFile {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known[f.now.Key] = true
	return f
}

// ready makes it as if the current version had been fetched.
func (f *fakeFile) ready() *fakeFile {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known[f.now.Key], f.here[f.now.Key] = true, true
	return f
}

func (f *fakeFile) estimating(size int64) *fakeFile {
	f.guess = size
	return f
}

func (f *fakeFile) Estimate(fs.Version) int64 { return f.guess }

func (f *fakeFile) forgetSizes() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.known)
}

func (f *fakeFile) gated() *fakeFile {
	f.gate = make(chan struct{})
	return f
}

func (f *fakeFile) failing(err error) *fakeFile {
	f.err = err
	return f
}

// evict has the content of version key fetched again, which now gives data.
func (f *fakeFile) evict(key string, data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data[key] = data
	delete(f.here, key)
}

func (f *fakeFile) onDisk(t *testing.T) *fakeFile {
	f.dir = t.TempDir()
	return f
}

func (f *fakeFile) Name() string      { return f.name }
func (f *fakeFile) Object() fs.Object { return f.obj }

func (f *fakeFile) Version(context.Context) (fs.Version, error) {
	n := f.versions.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.everNew.Load() {
		v := fs.Version{Key: fmt.Sprint(f.now.Key, n), ModTime: stamp2026, Volatile: true, Costly: f.costly}
		f.data[v.Key] = f.data[f.now.Key]
		return v, nil
	}
	return f.now, nil
}

func (f *fakeFile) Size(v fs.Version) (int64, bool) {
	f.sizesAsked.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.data[v.Key])), f.known[v.Key]
}

func (f *fakeFile) AtHand(v fs.Version) bool {
	f.handsAsked.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.here[v.Key]
}

func (f *fakeFile) Open(ctx context.Context, v fs.Version) (fs.Content, error) {
	f.opens.Add(1)
	f.began <- struct{}{}
	if f.gate != nil {
		select {
		case <-f.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if !f.AtHand(v) && f.fetch > 0 {
		select {
		case <-time.After(f.fetch):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.crash {
		panic("this page cannot be rendered")
	}
	if f.err != nil {
		return nil, f.err
	}
	data, ok := f.data[v.Key]
	if !ok {
		return nil, fmt.Errorf("%s: %w", f.name, fs.ErrStale)
	}
	f.known[v.Key], f.here[v.Key] = true, true
	return f.content(v.Key, data)
}

func (f *fakeFile) content(key string, data []byte) (fs.Content, error) {
	c := &fakeContent{ReaderAt: bytes.NewReader(data), size: int64(len(data)), of: f}
	if f.dir == "" {
		return c, nil
	}
	path := filepath.Join(f.dir, f.name+" "+key)
	var err error
	if c.file, err = os.Open(path); errors.Is(err, iofs.ErrNotExist) {
		if err = os.WriteFile(path, data, 0o600); err == nil {
			c.file, err = os.Open(path)
		}
	}
	return c, err
}

type fakeContent struct {
	io.ReaderAt
	size int64
	file *os.File
	of   *fakeFile
}

func (c *fakeContent) Size() int64 { return c.size }

func (c *fakeContent) Close() error {
	c.of.closed.Add(1)
	if c.file != nil {
		return c.file.Close()
	}
	return nil
}
