package cache

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// openDisk opens a cache that the end of the test closes.
func openDisk(t *testing.T, dir string, o Options) *Disk {
	t.Helper()
	d, err := OpenDisk(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// text fills with s and counts itself in n.
func text(s string, n *int) Fill {
	return func(_ context.Context, w io.Writer) error {
		*n++
		_, err := io.WriteString(w, s)
		return err
	}
}

// noFill is for what must be served without a fill.
func noFill(context.Context, io.Writer) error { return errors.New("filled") }

// read gives all bytes of c and closes it.
func read(t *testing.T, c *Content, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()+1))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func hashOf(s string) sum { return sha256.Sum256([]byte(s)) }

// large is a content that is served from its file.
var large = strings.Repeat("0123456789abcdef", smallBytes/16+1)

// huge is more than a fill holds: it has a temporary file.
var huge = strings.Repeat("0123456789abcdef", heldByFill/16+1)

// temps lists the temporary files.
func temps(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, tempDir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}
