//go:build linux

package mount

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/codafs/codafs/fs/mount/notify"
)

// helpers are programs that the tests run: this test binary with asHelper set.
var helpers = map[string]func(args []string) int{
	"serve":      serveHelper,
	"telling":    tellingHelper,
	"guard":      func([]string) int { notify.Guard(); return 0 },
	"late guard": lateGuardHelper,
	"open":       openHelper,
	"write":      writeHelper,
	"copy":       copyHelper,
	"limit":      limitHelper,
	"contents":   contentsHelper,
	"hold":       holdHelper,
	"posix":      posixHelper,
}

// serveHelper mounts a tree at args[0], says so, and serves until it is killed.
func serveHelper(args []string) int {
	s, err := Mount(args[0], newDir("", newFile("a.md", []byte("of a helper\n")).knowSize()),
		Options{Notified: true, Guard: func() *exec.Cmd { return asGuard("guard") }})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("mounted")
	s.Wait()
	return 0
}

// openHelper opens args[0] with one bare open(2) on a thread whose id it prints first. It catches
// the signals that a program lives on with, and sends them all to that thread for each line of its input.
func openHelper(args []string) int {
	caught := []os.Signal{syscall.SIGWINCH, syscall.SIGURG, syscall.SIGALRM, syscall.SIGCHLD, syscall.SIGUSR1}
	signal.Notify(make(chan os.Signal, 100), caught...)
	runtime.LockOSThread()
	tid := unix.Gettid()
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			for _, s := range caught {
				unix.Tgkill(os.Getpid(), tid, s.(syscall.Signal))
			}
		}
	}()
	fmt.Println(tid)
	fd, err := syscall.Open(args[0], syscall.O_RDONLY, 0)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("opened")
	syscall.Close(fd)
	return 0
}

// writeHelper tries everything that writes, in the mount at args[0] that holds the folder d and
// the file a.md, and prints what of it did not fail with EROFS.
func writeHelper(args []string) int {
	dir, file, fresh := join(args[0], "d"), join(args[0], "a.md"), join(args[0], "new")
	code := 0
	for op, err := range map[string]error{
		"open for write":     open(file, syscall.O_WRONLY),
		"open for both":      open(file, syscall.O_RDWR),
		"open to append":     open(file, syscall.O_WRONLY|syscall.O_APPEND),
		"open and truncate":  open(file, syscall.O_WRONLY|syscall.O_TRUNC),
		"create":             open(fresh, syscall.O_WRONLY|syscall.O_CREAT),
		"create exclusively": open(fresh, syscall.O_RDWR|syscall.O_CREAT|syscall.O_EXCL),
		"create unnamed":     open(dir, unix.O_TMPFILE|syscall.O_RDWR),
		"truncate":           syscall.Truncate(file, 0),
		"mkdir":              syscall.Mkdir(fresh, 0o777),
		"mknod":              syscall.Mknod(fresh, syscall.S_IFIFO|0o666, 0),
		"link":               syscall.Link(file, fresh),
		"symlink":            syscall.Symlink("a.md", fresh),
		"rename":             syscall.Rename(file, fresh),
		"rename a folder":    syscall.Rename(dir, fresh),
		"unlink":             syscall.Unlink(file),
		"rmdir":              syscall.Rmdir(dir),
		"chmod":              syscall.Chmod(file, 0o777),
		"chown":              syscall.Chown(file, 1, 1),
		"utimes":             syscall.Utimes(file, make([]syscall.Timeval, 2)),
		"utimes of a folder": syscall.Utimes(dir, make([]syscall.Timeval, 2)),
		"setxattr":           unix.Setxattr(file, "user.x", []byte("y"), 0),
		"removexattr":        unix.Removexattr(file, "user.coda.id"),
	} {
		if err != syscall.EROFS {
			fmt.Printf("%s: %v\n", op, err)
			code = 1
		}
	}
	return code
}

func open(path string, flags int) error {
	fd, err := syscall.Open(path, flags, 0o666)
	if err == nil {
		syscall.Close(fd)
	}
	return err
}

// limitHelper prints how many files it may open.
func limitHelper([]string) int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 1
	}
	fmt.Println(limit.Cur)
	return 0
}

// contentsHelper prints how many contents it would keep open.
func contentsHelper([]string) int {
	fmt.Println(contentsToKeep())
	return 0
}
