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

func checkConfig(file string) finding {
	if _, err := os.Stat(file); err != nil {
		return finding{"config", isOK, "there is no " + file, ""}
	}
	return finding{"config", isOK, file, ""}
}

// checkFUSE is a warning, not a problem, if this machine cannot mount: all else works without FUSE.
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

// tryFolder returns the free space of a folder that can be written to, or can be made.
func tryFolder(dir string) (free int64, err error) {
	dir = config.Absolute(dir)
	st, err := os.Stat(dir)
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

// checkMounts checks each mount of this user.
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

// checkMount turns the report on one mount into a finding.
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

func isMissing(path string) bool {
	_, err := os.Stat(path)
	return err != nil
}
