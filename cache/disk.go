package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	iofs "io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// DefaultMaxBytes is the limit of a [Disk] whose Options give none: 5 GiB.
	DefaultMaxBytes = 5 << 30
	// DefaultMemoryBytes is the limit of a [Memory] that is given none, and of what a Disk holds in
	// memory while its folder cannot be written: 64 MiB.
	DefaultMemoryBytes = 64 << 20
	// heldBytes is how much a Disk holds in memory of what its folder has too. A mount's process
	// takes up to twice that for good, as the garbage collector works, and the kernel holds the same pages.
	heldBytes = 16 << 20
)

// The folders in a cache folder.
const (
	entriesDir  = "entries"
	contentsDir = "contents"
	tempDir     = "tmp"
)

// Backup programs leave a folder out that holds this file (bford.info/cachedir).
const (
	tagName = "CACHEDIR.TAG"
	tagText = "Signature: 8a477f597d28d172789f06886806bc55\n# This is a cache of codafs. It may be deleted at any time.\n"
)

// useInterval is how exactly the time of last use is known. Noting it more often
// would write to the disk for each read. Contents are evicted in the order of their last
// uses, so those that were used within one hour go in any order.
const useInterval = time.Hour

// Options are the settings of a [Disk]. The zero value has the defaults.
type Options struct {
	// MaxBytes is how many bytes of contents are kept; 0 means [DefaultMaxBytes].
	MaxBytes int64
	// Last reports whether what is kept under a key is evicted after all else: what is small and costs much to fetch again. Only
	// the content kept last under such a key is. nil means that nothing is.
	Last func(key string) bool
	// Undated reports whether nobody asks when what is kept under a key was filled, so that a fill that brings the same bytes once
	// more writes nothing: [Disk.Filled] may then give an earlier time. nil means that nothing is.
	Undated func(key string) bool
	// Now is the clock for times of use and of filling; nil means [time.Now]. It is called
	// from many goroutines.
	Now func() time.Time
	// Log is told of damaged files and of a disk that takes no more; nil means nobody is.
	Log *slog.Logger
}

// Disk keeps contents in a folder, up to a number of bytes. Any number of Disks, in any number
// of processes, may have the same folder open. All methods are safe for concurrent use.
//
// Trouble with the folder costs work, not answers: what cannot be read is filled again, and
// what cannot be written is served and not kept. Only a content that is too large for
// memory and cannot be written fails.
type Disk struct {
	dir           string
	max           int64
	last, undated func(key string) bool
	now           func() time.Time
	log           *slog.Logger

	share   *sharer
	small   *byteLRU // small contents, by their own SHA-256
	unsaved *byteLRU // contents that could not be written, by the SHA-256 of their key
	// write writes to a temporary file. A test makes it fail.
	write func(f *os.File, p []byte) (int, error)
	// failing is whether the last write failed: each breakdown is logged once.
	failing atomic.Bool

	// life ends at Close, and with it what runs in the background.
	life       context.Context
	endLife    context.CancelFunc
	background sync.WaitGroup
	trimTurn   chan struct{} // holds one while somebody trims

	mu sync.Mutex // guards all below; never held during a read or write of a file
	// verified has the files of large contents whose hash was right, as they were before they
	// were read. While they stay so, they are not hashed again: to open a large table would be
	// to read all of it.
	verified map[sum]iofs.FileInfo
	counted  bool  // bytes is known
	bytes    int64 // of all contents, to the best of our knowledge
	trimming bool  // a background trim runs
	// sinceWalk is how bytes changed since the last walk began.
	sinceWalk int64

	hits, fills, damaged, unwritten, evicted atomic.Int64
}

// OpenDisk opens the cache in dir, and makes the folder if there is none. The caller closes it.
// A disk that is full is no error: the cache then works without keeping anything. Nothing in the
// folder is read before it is asked for, so opening takes no longer with a full cache.
func OpenDisk(dir string, o Options) (*Disk, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	d := &Disk{
		dir: dir, max: o.MaxBytes, last: o.Last, undated: o.Undated, now: o.Now, log: o.Log,
		small:    newByteLRU(heldBytes),
		unsaved:  newByteLRU(DefaultMemoryBytes),
		write:    (*os.File).Write,
		trimTurn: make(chan struct{}, 1),
		verified: map[sum]iofs.FileInfo{},
	}
	if d.max == 0 {
		d.max = DefaultMaxBytes
	}
	if d.now == nil {
		d.now = time.Now
	}
	never := func(string) bool { return false }
	if d.last == nil {
		d.last = never
	}
	if d.undated == nil {
		d.undated = never
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if err := d.makeFolders(); err != nil && !isFull(err) {
		return nil, err
	}
	d.share = newSharer(diskKeeper{d})
	d.life, d.endLife = context.WithCancel(context.Background())
	return d, nil
}

// Close stops fills and waits until nothing runs any more. Contents that are open stay
// readable. Whoever waits for a fill, or needs one later, gets [ErrClosed]. It always returns nil.
func (d *Disk) Close() error {
	d.share.flight.Close() // first: a fill may start a trim
	d.endLife()
	d.background.Wait()
	return nil
}

// Get returns the content kept under key. If there is none, or it is damaged, fill writes it.
// Concurrent calls for a key share one fill, that of the first, under a context that
// ends when the last of them has left. The caller closes the content. An error is that of the
// fill, of ctx, [ErrClosed], a [*PanicError], or what kept a large content from being written.
func (d *Disk) Get(ctx context.Context, key string, fill Fill) (*Content, error) {
	return d.share.get(ctx, key, fill)
}

// Put has fill write the content anew, whatever is kept, and keeps the result. It shares
// fills as Get does, also one that a Get had begun ([Disk.Filled] says when). Until it has
// succeeded, Get serves the old content; if there is none, Get waits for this Put.
func (d *Disk) Put(ctx context.Context, key string, fill Fill) (*Content, error) {
	return d.share.put(ctx, key, fill)
}

// Lookup returns the content kept under key, and never fills: what is not there, is not. It may
// read a large content to check it; if ctx ends meanwhile, the content counts as missing.
func (d *Disk) Lookup(ctx context.Context, key string) (*Content, bool) {
	return d.share.lookup(ctx, key)
}

// Size is the exact size in bytes of the content last kept under key. It is remembered
// after the content was evicted, until nobody has asked for it for 30 days.
func (d *Disk) Size(key string) (int64, bool) {
	id := sum(sha256.Sum256([]byte(key)))
	if b := d.unsaved.get(id); b != nil {
		return b.size, true
	}
	e, ok := d.readEntry(id)
	return e.size, ok
}

// Has reports whether a content is kept under key. It opens nothing, so a damaged one counts too.
// It is for questions about many files: it reads an entry and looks at one file.
func (d *Disk) Has(key string) bool {
	id := sum(sha256.Sum256([]byte(key)))
	if d.unsaved.get(id) != nil {
		return true
	}
	e, ok := d.readEntry(id)
	if !ok {
		return false
	}
	info, err := os.Lstat(d.path(contentsDir, e.content))
	return err == nil && info.Size() == e.size
}

// Filled is when the fill of the content last kept under key began: no byte of it
// is older. It is remembered as long as the size.
func (d *Disk) Filled(key string) (time.Time, bool) {
	id := sum(sha256.Sum256([]byte(key)))
	if b := d.unsaved.get(id); b != nil {
		return b.filled, true
	}
	e, ok := d.readEntry(id)
	return e.filled, ok
}

// Sum is the SHA-256 of the content last kept under key. It is remembered as long as the size, so
// whether new bytes differ from old ones can be told without the old ones.
func (d *Disk) Sum(key string) ([sha256.Size]byte, bool) {
	id := sum(sha256.Sum256([]byte(key)))
	if b := d.unsaved.get(id); b != nil {
		return sha256.Sum256(b.data), true
	}
	e, ok := d.readEntry(id)
	return e.content, ok
}

// path is where the entry or content with that hash is. Subfolders keep each folder
// at a size that all file systems and tools are at ease with.
func (d *Disk) path(kind string, id sum) string {
	name := hex.EncodeToString(id[:])
	return filepath.Join(d.dir, kind, name[:2], name)
}

// makeFolders makes what is missing of the cache's folders, also when somebody removed them while
// they were in use. The tag comes last: [Check] takes no folder for a cache that lacks the others.
func (d *Disk) makeFolders() error {
	for _, name := range []string{entriesDir, contentsDir, tempDir} {
		if err := os.MkdirAll(filepath.Join(d.dir, name), 0o700); err != nil {
			return err
		}
	}
	tag := filepath.Join(d.dir, tagName)
	if _, err := os.Lstat(tag); err == nil {
		return nil
	}
	return os.WriteFile(tag, []byte(tagText), 0o600)
}

// touch notes on the file at path, whose state is info, that it is in use now. It reports
// whether it had to. A stamp far in the future, from a wrong clock, is put right too.
func (d *Disk) touch(path string, info iofs.FileInfo) bool {
	now := d.now()
	if age := now.Sub(info.ModTime()); age > -useInterval && age < useInterval {
		return false
	}
	return os.Chtimes(path, now, now) == nil
}

// isFull reports whether err is of a disk or quota that has no room.
func isFull(err error) bool {
	const windowsDiskFull = syscall.Errno(112)
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) ||
		runtime.GOOS == "windows" && errors.Is(err, windowsDiskFull)
}
