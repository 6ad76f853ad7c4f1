package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/spf13/cobra"
)

const cacheHelp = `Show where the cache is and how full it is. The cache is a folder on disk in which all your codafs processes keep what they
have fetched, so that nothing is fetched twice. You can delete it at any time: what is needed again is then
fetched again. A full snapshot does not use it; what that fetches is in a folder of its own until the end. How often a mount
found something in the cache is in its .codafs/status.json.`

// newCache makes 'codafs cache'. Like its subcommands, it sends no request.
func newCache(std term.Streams) *cobra.Command {
	s := newSettings()
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "Show, trim or clear the cache",
		Long:  cacheHelp,
		Example: `  codafs cache
  codafs cache trim --to 1GiB
  codafs cache clear`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return runCache(cmd.Context(), &s, std, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	s.RegisterCache(cmd.Flags())
	cmd.AddCommand(newCacheTrim(std), newCacheClear(std))
	return cmd
}

func newCacheTrim(std term.Streams) *cobra.Command {
	s := newSettings()
	var to string
	cmd := &cobra.Command{
		Use:   "trim",
		Short: "Bring the cache under its limit",
		Long: `Remove from the cache what has not been used for longest, until it is smaller than --to, or without that than its own limit.
Mounts and snapshots keep to that limit by themselves. The sizes of files that were removed stay known.`,
		Example: `  codafs cache trim --to 500MiB`,
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to != "" {
				if _, err := term.ParseSize(to); err != nil {
					return exit.Usagef("--to: %w", err)
				}
				s.CacheSize = to
			}
			return changeCache(cmd.Context(), &s, std, func(disk *cache.Disk) (removed int, err error) {
				err = disk.Trim(cmd.Context())
				return int(disk.Counts().Evicted), err
			})
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "bring it under `SIZE`, such as 500M, instead of the limit")
	s.RegisterCache(cmd.Flags())
	return cmd
}

func newCacheClear(std term.Streams) *cobra.Command {
	s := newSettings()
	cmd := &cobra.Command{
		Use:   "clear",
		Short: "Remove all that is in the cache",
		Long: `Remove everything that was fetched, with what is known of sizes, and what killed snapshots have left. There is no question
first. Mounts go on, and fetch again what is read next. What is kept beside the cache stays: which account a token belongs to, and
how far the rate limits are used. A folder that is not a cache of codafs is left alone.`,
		Example: `  codafs cache clear`,
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return changeCache(cmd.Context(), &s, std, func(disk *cache.Disk) (int, error) {
				r, err := disk.Clear(cmd.Context())
				return r.Contents, err
			})
		},
	}
	s.RegisterCache(cmd.Flags())
	cmd.Flags().Lookup("cache-size").Hidden = true
	return cmd
}

// cacheStatus is the output of 'codafs cache'; its JSON form is promised.
type cacheStatus struct {
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

func runCache(ctx context.Context, s *config.Settings, std term.Streams, asJSON bool) error {
	out, err := cacheStatusOf(ctx, s, std)
	if err != nil {
		return err
	}
	if asJSON {
		return term.PrintJSON(std.Out, out)
	}
	return out.print(std.Out)
}

// cacheStatus describes the cache. A missing cache is no error: it has no contents.
func cacheStatusOf(ctx context.Context, s *config.Settings, std term.Streams) (cacheStatus, error) {
	dir, disk, err := open.ExistingCache(s, std)
	if err != nil {
		return cacheStatus{}, err
	}
	size, err := term.ParseSize(s.CacheSize)
	out := cacheStatus{Folder: dir, MaxBytes: size, RunBytes: open.RunBytes(dir)}
	if disk == nil || err != nil {
		return out, err
	}
	defer disk.Close()
	is, err := disk.Stats(ctx)
	out.Bytes, out.MaxBytes, out.Contents, out.Entries = is.Bytes, is.MaxBytes, is.Contents, is.Entries
	return out, err
}

func (c cacheStatus) print(w io.Writer) error {
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

// changeCache runs f, which returns how many contents it removed, and prints what is left.
func changeCache(ctx context.Context, s *config.Settings, std term.Streams, f func(*cache.Disk) (removed int, err error)) error {
	dir, disk, err := open.ExistingCache(s, std)
	if err != nil {
		return err
	}
	freed := open.RemoveDeadRuns(dir)
	if freed > 0 {
		fmt.Fprintf(std.Out, "%s: removed what killed snapshots had fetched (%s)\n", dir, term.FormatSize(freed))
	}
	if disk == nil {
		if freed == 0 {
			_, err = fmt.Fprintf(std.Out, "%s: there is no cache\n", dir)
		}
		return err
	}
	defer disk.Close()
	before, err := disk.Stats(ctx)
	if err != nil {
		return err
	}
	removed, err := f(disk)
	if err != nil {
		return err
	}
	after, err := disk.Stats(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.Out, "%s: removed %d contents (%s), left %d (%s)\n", dir,
		removed, term.FormatSize(max(0, before.Bytes-after.Bytes)), after.Contents, term.FormatSize(after.Bytes))
	return err
}
