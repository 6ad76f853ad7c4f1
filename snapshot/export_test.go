package snapshot

import (
	"context"
	iofs "io/fs"

	"github.com/codafs/codafs/snapshot/sealed"
)

// HookDisk has change called for each change that a run makes to the disk.
func (o *Options) HookDisk(change func(op, name string, do func() error) error) {
	o.hooks.Change = change
}

// HookHash has hash asked instead of the bytes of files that an earlier run left.
func (o *Options) HookHash(hash func(name string) (int64, string, error)) { o.hooks.Hash = hash }

// CheckDisk has check run before each change that a run makes to the disk.
func (o *Options) CheckDisk(check func(op, name string) error) {
	if check == nil {
		o.hooks.Change = nil
		return
	}
	o.hooks.Change = func(op, name string, do func() error) error {
		if err := check(op, name); err != nil {
			return &iofs.PathError{Op: op, Path: name, Err: err}
		}
		return do()
	}
}

// MountOf is Mounted for a tree that need not be a folder.
func MountOf(tree iofs.FS) (*Mount, error) { return openMount(tree) }

// PruneCheckingDisk is [sealed.Prune] with check run before each change to the disk.
func PruneCheckingDisk(ctx context.Context, output string, p sealed.Policy, check func(op, name string) error) (sealed.Pruned, error) {
	var o Options
	o.CheckDisk(check)
	return sealed.PruneWithHooks(ctx, output, p, false, o.hooks)
}

// Hold has records go to the disk when there are more than so many bytes of them.
func (o *Options) Hold(bytes int) { o.held = bytes }
