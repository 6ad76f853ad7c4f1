package folder

import (
	"context"
	"errors"
	iofs "io/fs"
	"path/filepath"
)

// inode names a file whatever its names are: snapshots share the files that did not change.
type inode struct{ device, number uint64 }

// Space reports how many bytes of the disk each of some snapshots takes, by id: a file that several have counts for the first
// of them, so that all together are what the disk has less. It looks at each file. Where the system does
// not tell which names are one file, it gives nil.
func Space(ctx context.Context, output string, ids []string) (map[string]int64, error) {
	seen, space := map[inode]bool{}, map[string]int64{}
	known := true
	for _, id := range ids {
		err := filepath.WalkDir(filepath.Join(output, id), func(_ string, d iofs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				return err
			}
			info, err := d.Info()
			if errors.Is(err, iofs.ErrNotExist) {
				return nil // it is being pruned
			}
			if err != nil {
				return err
			}
			file, bytes, ok := onDisk(info)
			known = known && ok
			if !seen[file] {
				seen[file] = true
				space[id] += bytes
			}
			return nil
		})
		if err != nil && !errors.Is(err, iofs.ErrNotExist) {
			return nil, err
		}
		if !known {
			return nil, nil
		}
	}
	return space, nil
}
