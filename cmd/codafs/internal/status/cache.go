package status

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
)

// Cache is the output of 'codafs cache'; its JSON form is promised. Bytes, Contents and Entries are what was found on disk;
// Entries are more than Contents, since the size of a version stays known after its content was evicted.
type Cache struct {
	Folder   string `json:"folder"`
	Bytes    int64  `json:"bytes"`
	MaxBytes int64  `json:"max_bytes"`
	Contents int    `json:"contents"`
	Entries  int    `json:"entries"`
	// RunBytes is the size of what full snapshots have fetched that are running or were killed. It is not part of
	// Bytes.
	RunBytes int64 `json:"run_bytes"`
	// Problem is why nothing is known of the cache; only 'codafs status' sets it.
	Problem string `json:"problem,omitempty"`
}

// OfCache describes the cache. A missing cache is no error: it has no contents. It reads the names and sizes of all files,
// and none of the contents; other processes may change the folder meanwhile.
func OfCache(ctx context.Context, s *config.Settings, std term.Streams) (Cache, error) {
	dir, disk, err := open.ExistingCache(s, std)
	if err != nil {
		return Cache{}, err
	}
	size, err := term.ParseSize(s.CacheSize)
	out := Cache{Folder: dir, MaxBytes: size, RunBytes: open.RunBytes(dir)}
	// What killed runs left is there even without a cache.
	if disk == nil || err != nil {
		return out, err
	}
	defer disk.Close()
	is, err := disk.Stats(ctx)
	out.Bytes, out.MaxBytes, out.Contents, out.Entries = is.Bytes, is.MaxBytes, is.Contents, is.Entries
	return out, err
}

// Print writes it for people. What is 0 as a rule, the size of running full snapshots, is left out if it is.
func (c Cache) Print(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "folder\t%s\n", c.Folder)
	fmt.Fprintf(out, "used\t%s of %s\n", term.FormatSize(c.Bytes), term.FormatSize(c.MaxBytes))
	fmt.Fprintf(out, "contents\t%d\n", c.Contents)
	fmt.Fprintf(out, "sizes known\t%d\n", c.Entries)
	if c.RunBytes > 0 {
		fmt.Fprintf(out, "backups\t%s of full snapshots, which run or were killed\n", term.FormatSize(c.RunBytes))
	}
	return out.Flush()
}
