package main

import (
	"context"
	"fmt"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/status"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/spf13/cobra"
)

const cacheHelp = `Show where the cache is and how full it is. The cache is a folder on disk in which all your codafs processes keep what they
have fetched, so that nothing is fetched twice. You can delete it at any time: what is needed again is then
fetched again. A full snapshot does not use it; what that fetches is in a folder of its own until the end. How often a mount
found something in the cache is in its .codafs/status.json.`

// newCache makes 'codafs cache', with 'cache trim' and 'cache clear'. A person calls them to see where the disk went, and to
// get room back. None of them sends a request, wants a token, or makes a cache where there is none.
//
// They may run beside mounts and snapshots: package cache lets any number of processes share a folder. What a process has
// open it can read to the end. A folder that is not a cache of codafs is an error and is not touched. The JSON of --json is
// promised (status.Cache).
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

// newCacheTrim makes 'cache trim'. --to is --cache-size for one call: a flag of its own, because as a setting it would also
// be in the configuration file, and would then be the limit of all commands.
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

// newCacheClear makes 'cache clear'. It asks no question: whatever it removes can be fetched again, or is made anew. The files
// beside the cache stay (folders accounts and rates): without them a new token would not find its account's contents,
// and processes that run would lose count of the requests they have sent.
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

// runCache prints what is in the cache. It counts by a walk through the folder: nothing else knows what other processes stored.
func runCache(ctx context.Context, s *config.Settings, std term.Streams, asJSON bool) error {
	out, err := status.OfCache(ctx, s, std)
	if err != nil {
		return err
	}
	if asJSON {
		return term.PrintJSON(std.Out, out)
	}
	return out.Print(std.Out)
}

// changeCache runs f, which returns how many contents it removed, and prints what is left. Bytes are the difference of two
// countings: what other processes store or remove meanwhile is in it, so it is never shown below 0. What killed snapshots
// left is removed in any case, also where there is no cache yet.
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
