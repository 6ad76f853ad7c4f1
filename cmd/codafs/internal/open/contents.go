package open

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"log/slog"
	"os"
	"slices"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/fs/remote/keys"
)

// openContents first removes what killed runs have left. Then it opens the cache, or a scratch folder for this run alone: if afresh is set, if the cache folder cannot be
// used, or if there is no place for one. dir is the folder of the cache, or of its substitute.
func openContents(s *config.Settings, std term.Streams, log *slog.Logger, afresh bool) (disk *cache.Disk, run *scratch, dir string, err error) {
	dir, err = s.CacheFolder()
	homeless := err != nil
	if homeless && s.Offline {
		return nil, nil, "", err
	}
	if !homeless {
		RemoveDeadRuns(dir)
	}
	if !homeless && !afresh {
		disk, err = Cache(s, dir, log)
		if _, misused := errors.AsType[exit.UsageError](err); err == nil || misused || s.Offline {
			return disk, nil, dir, err
		}
	}
	if err != nil {
		fmt.Fprintf(std.Err, "codafs: warning: %v; what is fetched is kept for this run alone\n", err)
	}
	if homeless {
		run, err = newTempScratch()
	} else {
		run, err = newScratch(dir)
	}
	if err != nil {
		return nil, nil, "", fmt.Errorf("cache: %w (another place: --cache-dir)", err)
	}
	if homeless {
		dir = run.dir
	}
	if disk, err = Cache(s, run.dir, log); err != nil {
		return nil, nil, "", errors.Join(err, run.remove())
	}
	return disk, run, dir, nil
}

// Cache opens the cache in dir, and makes it if it is missing.
func Cache(s *config.Settings, dir string, log *slog.Logger) (*cache.Disk, error) {
	size, err := term.ParseSize(s.CacheSize)
	if err != nil {
		return nil, exit.Usagef("--cache-size: %w", err)
	}
	disk, err := cache.OpenDisk(dir, cache.Options{MaxBytes: size, Last: keys.EvictLast, Undated: keys.Undated, Log: log})
	if err != nil {
		return nil, fmt.Errorf("cache: %w (another place: --cache-dir)", err)
	}
	return disk, nil
}

// ExistingCache opens the cache if there is one. It never makes one: disk is nil if the folder is missing. A folder
// that is not a cache is an error.
func ExistingCache(s *config.Settings, std term.Streams) (dir string, disk *cache.Disk, err error) {
	if dir, err = s.CacheFolder(); err != nil {
		return "", nil, err
	}
	log, err := s.Logger(std)
	if err != nil {
		return "", nil, err
	}
	if err := cache.Check(dir); errors.Is(err, iofs.ErrNotExist) || err != nil && isUnused(dir) {
		return dir, nil, nil
	} else if err != nil {
		return "", nil, err
	}
	disk, err = Cache(s, dir, log)
	return dir, disk, err
}

// besideCache are the folders beside the cache's own folder; they may exist before it.
var besideCache = []string{"accounts", "rates", "runs"}

// isUnused reports whether a folder has only those in it: a cache will be made there later.
func isUnused(dir string) bool {
	all, err := os.ReadDir(dir)
	return err == nil && !slices.ContainsFunc(all, func(e iofs.DirEntry) bool { return !slices.Contains(besideCache, e.Name()) })
}
