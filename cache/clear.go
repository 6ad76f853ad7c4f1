package cache

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
)

// ErrNotCache says that a folder is not a cache of codafs.
var ErrNotCache = errors.New("not a cache of codafs")

// Check reports whether dir is a cache, without changing it: nil if it is, an error that is
// [io/fs.ErrNotExist] if there is no such folder, and else [ErrNotCache]. Whoever is about to
// remove something asks this first: --cache-dir may name a folder of the user's own files.
func Check(dir string) error {
	if _, err := os.Stat(dir); err != nil {
		return err
	}
	tag, err := os.ReadFile(filepath.Join(dir, tagName))
	if err != nil || string(tag) != tagText {
		return fmt.Errorf("%s: %w", dir, ErrNotCache)
	}
	return nil
}

// Removed is what [Disk.Clear] took away.
type Removed struct {
	Contents int
	Bytes    int64 // of the contents
	Entries  int
}

// Clear removes all contents and entries from the folder, and nothing that is not named as they
// are. Whoever has a content open may read on; what is asked for next is filled again.
func (d *Disk) Clear(ctx context.Context) (Removed, error) {
	var r Removed
	var failed []error
	remove := func(path string) bool {
		var name sum
		if !parseSum(&name, []byte(filepath.Base(path))) {
			return false // a foreign file
		}
		err := os.Remove(path)
		if err != nil && !errors.Is(err, iofs.ErrNotExist) {
			failed = append(failed, err)
		}
		return err == nil
	}
	err := d.walk(ctx, entriesDir, func(path string, _ iofs.FileInfo) {
		if remove(path) {
			r.Entries++
		}
	})
	if err == nil {
		err = d.walk(ctx, contentsDir, func(path string, info iofs.FileInfo) {
			if remove(path) {
				r.Contents++
				r.Bytes += info.Size()
				d.count(-info.Size())
				d.forget(path)
			}
		})
	}
	return r, errors.Join(err, errors.Join(failed...), d.trimTemps())
}
