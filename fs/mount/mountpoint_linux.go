package mount

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// checkFUSE says what is missing before the kernel or fusermount3 do, in words that help.
func checkFUSE() error {
	const dev = "/dev/fuse"
	if _, err := os.Stat(dev); err != nil {
		return fmt.Errorf("%w: there is no %s; run `modprobe fuse`, or start the container with"+
			" --device /dev/fuse --cap-add SYS_ADMIN (`codafs snapshot`, `cat` and `ls` need no FUSE)", ErrNoFUSE, dev)
	}
	if os.Geteuid() == 0 {
		f, err := os.OpenFile(dev, os.O_RDWR, 0)
		if err != nil {
			return fmt.Errorf("%w: %w; start the container with --device /dev/fuse --cap-add SYS_ADMIN", ErrNoFUSE, err)
		}
		return f.Close()
	}
	if _, err := fusermount(); err != nil {
		return fmt.Errorf("%w: fusermount3 is missing; install the package fuse3", ErrNoFUSE)
	}
	return nil
}

// fusermount is the program that mounts and unmounts for those who are not root.
func fusermount() (string, error) {
	path, err := exec.LookPath("fusermount3")
	if err != nil {
		path, err = exec.LookPath("fusermount")
	}
	return path, err
}

// mountAt reads the mount table: what is mounted at path, last.
func mountAt(path string) (mountInfo, bool) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return mountInfo{}, false
	}
	return findMount(table, path)
}

// findMount finds path in a table of proc_pid_mountinfo(5), such as
//
//	36 35 0:48 / /mnt/coda ro,nosuid - fuse.codafs codafs ro,user_id=0
func findMount(table []byte, path string) (m mountInfo, ok bool) {
	for lines := bufio.NewScanner(bytes.NewReader(table)); lines.Scan(); {
		place, source, _ := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(place)
		if len(fields) < 5 || unescape(fields[4]) != path {
			continue
		}
		fstype, _, _ := strings.Cut(source, " ")
		m, ok = mountInfo{id: fields[2], ours: fstype == "fuse."+fsName}, true
	}
	return m, ok
}

// unescape undoes the table's \040 for a space and the like.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// detach unmounts path: plainly if that can be done, lazily (MNT_DETACH) while it is busy. Who is not
// root may only do so through fusermount3. Nothing mounted there is no error.
func detach(path string) (lazy bool, err error) {
	err = unix.Unmount(path, unix.UMOUNT_NOFOLLOW)
	if errors.Is(err, syscall.EBUSY) {
		lazy = true
		err = unix.Unmount(path, unix.UMOUNT_NOFOLLOW|unix.MNT_DETACH)
	}
	switch {
	case errors.Is(err, syscall.EINVAL):
		return lazy, nil
	case !errors.Is(err, syscall.EPERM):
		return lazy, err
	}
	if runFusermount("-u", path) == nil {
		return false, nil
	}
	return true, runFusermount("-u", "-z", path)
}

func runFusermount(args ...string) error {
	path, err := fusermount()
	if err != nil {
		return err
	}
	if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}
