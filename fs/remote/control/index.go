package control

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"

	"github.com/codafs/codafs/fs"
)

// indexFile lists the whole workspace again, as a snapshot does. A million entries have 400 MB: they go into a temporary file.
func indexFile(ctx context.Context, t Tree) (fs.Content, error) {
	c, err := newTemporary()
	if err == nil {
		err = c.list(ctx, t)
	}
	if err != nil {
		t.Failed(ctx, err, fs.Object{Kind: fs.KindControl, ID: path.Base(fs.IndexFile)}, "") // the reader of the file sees only an error number
		return nil, err
	}
	return c, nil
}

// temporary is a Content in a file that has no name any more. It is read after Close too: the file goes when nobody has
// the Content any more, which is when package os closes it.
type temporary struct {
	*os.File
	size int64
}

// newTemporary makes the file through an [os.Root], since a file that was opened so may lose its name on Windows, too.
func newTemporary() (*temporary, error) {
	root, err := os.OpenRoot(os.TempDir())
	if err != nil {
		return nil, err
	}
	defer root.Close()
	name := "codafs-index-" + rand.Text()
	file, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &temporary{File: file}, root.Remove(name)
}

// Size implements [fs.Content].
func (c *temporary) Size() int64 { return c.size }

// Close implements [fs.Content]. It closes nothing: all opens of one node share the file, and it ends with the node.
func (c *temporary) Close() error { return nil }

// list writes each entry of an index as one line of JSON. An index may begin anew while it is made (fs.Held.Again): then what
// was written is dropped.
func (c *temporary) list(ctx context.Context, t Tree) error {
	w := bufio.NewWriter(c.File)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	var failed error
	again := func() {
		w.Reset(c.File)
		_, err := c.Seek(0, io.SeekStart)
		failed = errors.Join(err, c.Truncate(0))
	}
	err := t.Index(ctx, fs.Held{Again: again}, func(e fs.Entry) error { return errors.Join(failed, enc.Encode(e)) })
	if err == nil {
		err = errors.Join(failed, w.Flush())
	}
	if err != nil {
		return err
	}
	c.size, err = c.Seek(0, io.SeekCurrent)
	return err
}
