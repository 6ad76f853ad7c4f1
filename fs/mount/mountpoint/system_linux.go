package mountpoint

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// inContainer says how to allow FUSE in a container, where neither the device nor mount(2) is there by default.
const inContainer = "start the container with --device /dev/fuse --cap-add SYS_ADMIN"

// checkFUSE says what is missing, in better words than the kernel or fusermount3.
func checkFUSE() error { return checkDevice("/dev/fuse") }

// checkDevice checks that a device file can be opened, and that whoever is not root has fusermount3.
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

// fuseConf is the configuration of fusermount3, see fuse(8). A system without the file lets no user open a mount to others.
const fuseConf = "/etc/fuse.conf"

// checkAllowOther checks what fusermount3 will check: otherwise its refusal comes after all else was opened, in its own words.
// Root needs no permission.
func checkAllowOther() error {
	if os.Geteuid() == 0 {
		return nil
	}
	conf, err := os.ReadFile(fuseConf)
	if err == nil && allowsOther(conf) {
		return nil
	}
	return fmt.Errorf("%w: add the line user_allow_other to %s", ErrNotAllowed, fuseConf)
}

// allowsOther reads /etc/fuse.conf as fusermount3 does: the word alone on its line.
func allowsOther(conf []byte) bool {
	for line := range bytes.Lines(conf) {
		if string(bytes.TrimSpace(line)) == "user_allow_other" {
			return true
		}
	}
	return false
}

// DirectMount returns the flags of mount(2) for a read-only mount, if this user may call it: root must not fall back to
// fusermount3, which could do no more and hides the kernel's error. ok is false for all others.
func DirectMount() (flags uintptr, ok bool) {
	return unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV, os.Geteuid() == 0
}

// MountError puts the error of a failed mount at path into words; it wraps [ErrNoFUSE] if this user may not mount. The
// words of fusermount3 are on stderr already.
func MountError(path string, err error) error {
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

// Detach unmounts path, lazily (MNT_DETACH) if it is busy; gone says that it was not. Users other than root must go
// through fusermount3. The error is EINVAL if nothing is mounted.
func Detach(path string) (gone bool, err error) {
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
func abort(path string, m Info) {
	_, minor, _ := strings.Cut(m.ID, ":")
	if os.WriteFile("/sys/fs/fuse/connections/"+minor+"/abort", []byte("1"), 0) != nil &&
		errors.Is(unix.Unmount(path, unix.UMOUNT_NOFOLLOW|unix.MNT_FORCE), syscall.EPERM) {
		killServer(path, m.ID)
	}
}

// runFusermount runs fusermount3. Its error has what the program said.
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
