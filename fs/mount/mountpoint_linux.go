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

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// stalesLookUp says that open(2) looks the path up once more after ESTALE.
const stalesLookUp = true

// inContainer says how to allow FUSE in a container.
const inContainer = "start the container with --device /dev/fuse --cap-add SYS_ADMIN"

// checkFUSE says what is missing, in better words than the kernel or fusermount3.
func checkFUSE() error { return checkDevice("/dev/fuse") }

func checkDevice(dev string) error {
	f, err := os.OpenFile(dev, os.O_RDWR, 0) // fusermount3 opens it with the user's rights too
	if err != nil {
		return fmt.Errorf("%w: %w; run `modprobe fuse`, or %s (`codafs snapshot`, `cat` and `ls` need no FUSE)",
			ErrNoFUSE, err, inContainer)
	}
	f.Close()
	if os.Geteuid() == 0 {
		return nil
	}
	if _, err := fusermount(); err != nil {
		return fmt.Errorf("%w: fusermount3 is missing; install the package fuse3", ErrNoFUSE)
	}
	return nil
}

// readOnlyMount makes root mount directly, and other users through fusermount3. Root does not fall back to fusermount3:
// it could do no more, and hides the kernel's error.
func readOnlyMount(m *fuse.MountOptions) {
	if os.Geteuid() != 0 {
		m.Options = append(m.Options, "ro")
		return
	}
	m.DirectMountStrict = true
	m.DirectMountFlags = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV
}

// mountFailed puts err into words. The words of fusermount3 are on stderr already.
func mountFailed(path string, err error) error {
	if errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("%w: mounting at %s: %w; %s", ErrNoFUSE, path, err, inContainer)
	}
	return fmt.Errorf("mounting at %s: %s", path, strings.TrimSpace(err.Error()))
}

// fusermount is the program that mounts and unmounts for those who are not root.
func fusermount() (string, error) {
	path, err := exec.LookPath("fusermount3")
	if err != nil {
		path, err = exec.LookPath("fusermount")
	}
	return path, err
}

// mountAt finds the mount at path in the mount table: the last one, if there are several.
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
		over := m.over
		if m.ours {
			over = append(over, m.id)
		}
		m, ok = mountInfo{id: fields[2], ours: fstype == "fuse."+fsName, over: over}, true
	}
	return m, ok
}

// unescape replaces the table's escapes, such as \040 for a space.
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

// detach unmounts path, lazily (MNT_DETACH) if it is busy; gone says that it was not. Users other than root must go
// through fusermount3. The error is EINVAL if nothing is mounted.
func detach(path string) (gone bool, err error) {
	err = unix.Unmount(path, unix.UMOUNT_NOFOLLOW)
	switch {
	case errors.Is(err, syscall.EBUSY):
		return false, unix.Unmount(path, unix.UMOUNT_NOFOLLOW|unix.MNT_DETACH)
	case !errors.Is(err, syscall.EPERM):
		return err == nil, err
	}
	if runFusermount("-u", path) == nil {
		return true, nil
	}
	return false, runFusermount("-u", "-z", path)
}

// abort ends all requests to the server of mount m. The file in /sys belongs to the user who mounted. Without /sys,
// root can unmount by force, and everybody else can only kill the server.
func abort(path string, m mountInfo) {
	_, minor, _ := strings.Cut(m.id, ":")
	if os.WriteFile("/sys/fs/fuse/connections/"+minor+"/abort", []byte("1"), 0) != nil &&
		errors.Is(unix.Unmount(path, unix.UMOUNT_NOFOLLOW|unix.MNT_FORCE), syscall.EPERM) {
		killServer(path, m.id)
	}
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
