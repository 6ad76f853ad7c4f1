package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// smallBytes is the size up to which contents are read whole, held in memory and served
// from there. They need no descriptor, and most pages are smaller.
const smallBytes = 64 << 10

// diskKeeper has Disk's side of keeper, out of sight of its users.
type diskKeeper struct{ *Disk }

// recall returns what needs no hashing: a content in memory, or a file verified before. The
// entry is read each time; so what another process put is seen.
func (d diskKeeper) recall(key string) *blob {
	id := sum(sha256.Sum256([]byte(key)))
	b := d.unsaved.get(id)
	if b == nil {
		if e, ok := d.readEntry(id); ok && e.size <= smallBytes {
			b = d.recallSmall(e)
		} else if ok {
			b = d.recallLarge(e)
		}
	}
	if b != nil {
		d.hits.Add(1)
	}
	return b
}

// recallSmall returns a small content from memory. Its file is only noted as used, so that it is not evicted: whoever asks
// next may be another process. Bytes in memory were verified when they came there.
func (d *Disk) recallSmall(e entry) *blob {
	b := d.small.get(e.content)
	if b == nil {
		return nil
	}
	path := d.path(contentsDir, e.content)
	if info, err := os.Stat(path); err == nil {
		d.touch(path, info)
	}
	return b
}

// recallLarge returns a large content if its file is the one that was verified, in the same state. Noting the use changes the
// file's mtime, so the new state is remembered in place of the old.
func (d *Disk) recallLarge(e entry) *blob {
	if !d.wasVerified(e.content) {
		return nil
	}
	path := d.path(contentsDir, e.content)
	f, info, err := openFile(path)
	if err != nil {
		return nil
	}
	if !d.isVerified(e.content, info) {
		f.Close()
		return nil
	}
	if d.touch(path, info) {
		if info, err = f.Stat(); err == nil {
			d.remember(e.content, info)
		}
	}
	return &blob{file: f, size: e.size}
}

// find reads the content's file and compares its hash. If ctx ends meanwhile, it returns nil.
func (d diskKeeper) find(ctx context.Context, key string) *blob {
	e, ok := d.readEntry(sha256.Sum256([]byte(key)))
	if !ok {
		return nil
	}
	path := d.path(contentsDir, e.content)
	f, info, err := openFile(path)
	// A pipe or folder in the content's place would stay for good, and the content be fetched each time.
	if errors.Is(err, errForeign) {
		d.dropDamaged(path, 0, e, err)
	}
	if err != nil {
		return nil
	}
	if d.touch(path, info) {
		info, err = f.Stat() // before it is read: a later change must show
	}
	var data []byte
	if err == nil {
		data, err = verify(ctx, f, info, e)
	}
	if err != nil {
		f.Close()
		if ctx.Err() == nil {
			d.dropDamaged(path, info.Size(), e, err)
		}
		return nil
	}
	d.hits.Add(1)
	if e.size > smallBytes {
		d.remember(e.content, info)
		return &blob{file: f, size: e.size}
	}
	f.Close()
	b := &blob{data: data, size: e.size}
	d.small.add(e.content, b)
	return b
}

// errForeign is the error for something in a file's place that is not a regular file.
var errForeign = errors.New("not a file")

// openFile opens a file that is one. It does not wait: a named pipe in its place would have its
// readers wait for a writer, for good.
func openFile(path string) (*os.File, iofs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|openAtOnce, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errForeign
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// verify reads f and fails unless it has just the bytes that e names. It returns those of a
// small content.
func verify(ctx context.Context, f *os.File, info iofs.FileInfo, e entry) ([]byte, error) {
	if info.Size() != e.size {
		return nil, errors.New("another size")
	}
	if e.size <= smallBytes {
		data := make([]byte, e.size)
		if _, err := f.ReadAt(data, 0); err != nil {
			return nil, err
		}
		return data, sameSum(sha256.Sum256(data), e.content)
	}
	hash := sha256.New()
	// A section reader leaves the offset at 0 for those who get the file.
	if _, err := io.Copy(hash, &contextReader{ctx, io.NewSectionReader(f, 0, e.size)}); err != nil {
		return nil, err
	}
	return nil, sameSum(sum(hash.Sum(nil)), e.content)
}

// sameSum fails unless two hashes are equal. The error is for the log, which names the content.
func sameSum(got, want sum) error {
	if got != want {
		return errors.New("another hash")
	}
	return nil
}

// contextReader reads until its context ends.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// unchanged reports whether two looks saw the same file in the same state.
func unchanged(was, is iofs.FileInfo) bool {
	return os.SameFile(was, is) && was.Size() == is.Size() && was.ModTime().Equal(is.ModTime())
}

// remember notes the state in which a content's file was right. Of a file that was hashed it must
// be the state from before that: a change meanwhile then shows.
func (d *Disk) remember(content sum, info iofs.FileInfo) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.verified[content] = info
}

// rememberNow is remember for a file whose bytes were just written, or noted as used.
func (d *Disk) rememberNow(path string, content sum) {
	if info, err := os.Lstat(path); err == nil {
		d.remember(content, info)
	}
}

// wasVerified reports whether a content's file ever was right.
func (d *Disk) wasVerified(content sum) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.verified[content] != nil
}

// isVerified reports whether a content's file is as it was when its hash was right.
func (d *Disk) isVerified(content sum, info iofs.FileInfo) bool {
	d.mu.Lock()
	was := d.verified[content]
	d.mu.Unlock()
	return was != nil && unchanged(was, info)
}

// dropDamaged removes a file that is not what its name says. Should another process have
// put a good one there just now, that is lost too, and filled again.
func (d *Disk) dropDamaged(path string, size int64, e entry, why error) {
	d.damaged.Add(1)
	d.log.Warn("cached content is damaged; it is fetched again",
		"content", hex.EncodeToString(e.content[:]), "why", why)
	if os.Remove(path) == nil {
		d.count(-size)
	}
}

// createTemp makes an empty temporary file that [Disk.install] can move. It is locked as long as it is open,
// which keeps [Disk.trimTemps] from it. If the cache folder was deleted, it is made again.
func (d *Disk) createTemp() (*os.File, error) {
	dir := filepath.Join(d.dir, tempDir)
	for {
		f, err := os.CreateTemp(dir, "*")
		if errors.Is(err, iofs.ErrNotExist) {
			if err := d.makeFolders(); err != nil {
				return nil, err
			}
			f, err = os.CreateTemp(dir, "*")
		}
		if err != nil || lockTemp(f) {
			return f, err
		}
		f.Close()
	}
}

// writeFile writes a small file aside, and puts it in its place.
func (d *Disk) writeFile(path string, data []byte, last bool) error {
	f, err := d.createTemp()
	if err != nil {
		return err
	}
	_, err = d.write(f, data)
	if err == nil && last {
		err = markLast(f.Name())
	}
	if runtime.GOOS == "windows" { // an open file cannot be renamed there
		err = errors.Join(err, f.Close())
	} else {
		defer f.Close() // with its lock
	}
	if err == nil {
		err = d.install(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// install moves the temporary file to its place, and notes on it that it is used now. (Not
// before: by another clock than the system's it could look old, and be removed as such.)
func (d *Disk) install(temp, path string) error {
	err := os.Rename(temp, path)
	if errors.Is(err, iofs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			err = os.Rename(temp, path)
		}
	}
	if err != nil {
		return err
	}
	if info, err := os.Lstat(path); err == nil {
		d.touch(path, info) // as a rule the system's time will do
	}
	return nil
}

// installContent is install for the file of a content, and returns the file to serve from. On
// Windows an open file cannot be renamed, so it is closed before and opened after. Nor can
// one that is open be replaced: the file there has the same name, so the same bytes (who
// opens it next verifies that), and what is served is the temporary one, which a Trim
// removes later.
func (d *Disk) installContent(f *os.File, path string) (*os.File, error) {
	temp := f.Name()
	if runtime.GOOS != "windows" {
		return f, d.install(temp, path)
	}
	f.Close()
	err := d.install(temp, path)
	if err == nil {
		return os.Open(path)
	}
	if _, missing := os.Stat(path); missing == nil {
		err = nil
	}
	f, openErr := os.Open(temp)
	return f, errors.Join(err, openErr)
}
