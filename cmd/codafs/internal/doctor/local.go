package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/daemon"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/fs/mount/mountpoint"
)

// checkConfig only says which file is read. Its contents were checked before: a command with a wrong setting does not begin.
func checkConfig(file string) finding {
	if _, err := os.Stat(file); err != nil {
		return finding{"config", isOK, "there is no " + file, ""}
	}
	return finding{"config", isOK, file, ""}
}

// checkFUSE is a warning, not a problem, if this machine cannot mount: all else works without FUSE. That other users may not
// be let in is a problem, since it was asked for (--allow-other).
func (d *Options) checkFUSE() finding {
	err := mountpoint.Check(d.AllowOther)
	switch {
	case errors.Is(err, mountpoint.ErrNotAllowed):
		return finding{"fuse", isProblem, err.Error(), ""}
	case err != nil:
		return finding{"fuse", isWarning, err.Error(), ""}
	}
	return finding{"fuse", isOK, "this machine can mount", ""}
}

// checkCache checks that the cache can be written, is closed to other users, and has room. Less than a tenth of its limit free
// is a warning: the disk may be full before the limit makes the cache evict anything. Permissions are not looked at on
// Windows, where Go invents the mode.
func (d *Options) checkCache() finding {
	const check = "cache"
	dir, err := d.CacheFolder()
	if err != nil {
		return finding{check, isProblem, err.Error(), ""}
	}
	limit, err := term.ParseSize(d.CacheSize)
	if err != nil {
		return finding{check, isProblem, "--cache-size: " + err.Error(), ""}
	}
	free, err := tryFolder(dir)
	if err != nil {
		return finding{check, isProblem, err.Error(), "give another folder with --cache-dir"}
	}
	if st, err := os.Stat(dir); err == nil && runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0 {
		return finding{check, isWarning, dir + ": other users of this machine can look into it", "chmod 700 " + dir}
	}
	text := fmt.Sprintf("%s: %s free, limit %s", dir, term.FormatSize(free), term.FormatSize(limit))
	if free < limit/10 {
		return finding{check, isWarning, text, "make room, or give another folder with --cache-dir: what does not fit is fetched again and again"}
	}
	return finding{check, isOK, text, ""}
}

// tryFolder returns the free space of a folder that can be written to, or can be made: then that of the nearest folder above
// it that exists. It makes a file and removes it, since only that shows whether the disk,
// a quota and network storage allow it. It makes no folder.
func tryFolder(dir string) (free int64, err error) {
	dir = config.Absolute(dir)
	st, err := os.Stat(dir)
	// What is missing would be made: the nearest folder above it decides whether that can be done.
	for errors.Is(err, iofs.ErrNotExist) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		st, err = os.Stat(dir)
	}
	if err != nil {
		return 0, err
	}
	if !st.IsDir() {
		return 0, fmt.Errorf("%s is not a folder", dir)
	}
	f, err := os.CreateTemp(dir, ".codafs-doctor-")
	if err != nil {
		return 0, err
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return 0, err
	}
	return freeSpace(dir)
}

// checkMounts checks each mount of this user. Each is asked by a process of its own, so one that hangs does not hang doctor.
func checkMounts(ctx context.Context) (found []finding) {
	const check = "mount"
	all, err := daemon.Mounts(ctx)
	if err != nil {
		return []finding{{check, isProblem, err.Error(), ""}}
	}
	for _, m := range all {
		found = append(found, checkMount(check, m))
	}
	if len(all) == 0 {
		return []finding{{check, isOK, "nothing is mounted", ""}}
	}
	return found
}

// checkMount turns the report on one mount into a finding. A mount without a service is a warning: it shows what it has. One
// that another mount covers is a warning as well: both live, but only the upper one can be reached.
func checkMount(check string, m daemon.Report) finding {
	switch m.State {
	case daemon.Dead:
		return finding{check, isProblem, m.Mountpoint + ": its process is gone", "codafs unmount " + m.Mountpoint + ", or mount there again"}
	case daemon.Covered:
		return finding{check, isWarning, m.Mountpoint + ": something else is mounted over it", "umount " + m.Mountpoint}
	case daemon.Stuck:
		return finding{check, isProblem, m.Mountpoint + ": it does not answer", "end its process, then codafs unmount " + m.Mountpoint}
	}
	s := m.Known()
	if why := cmp.Or(s.TokenProblem, s.ServiceDown); why != "" {
		return finding{check, isWarning, m.Mountpoint + ": " + why, "what was fetched before stays readable"}
	}
	return finding{check, isOK, m.Mountpoint, ""}
}

// isMissing reports whether nothing can be seen at a path. A folder that may not be looked into counts as missing.
func isMissing(path string) bool {
	_, err := os.Stat(path)
	return err != nil
}
