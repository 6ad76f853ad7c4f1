package mount

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/codafs/codafs/fs"
)

// readsOf is how often f calls read(2), in this thread.
func readsOf(t *testing.T, f func()) int {
	t.Helper()
	count := func() int {
		b, err := os.ReadFile("/proc/thread-self/io")
		if err != nil {
			t.Skip("this system does not count reads: ", err)
		}
		_, rest, _ := bytes.Cut(b, []byte("syscr: "))
		line, _, _ := bytes.Cut(rest, []byte("\n"))
		n, err := strconv.Atoi(string(line))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	first := count()
	itself := count() - first
	first = count()
	f()
	return count() - first - itself
}

// A walk that only looks asks this for each file. Of most callers one file in /proc tells their name.
func TestTheNameOfAProgramTakesOneRead(t *testing.T) {
	child := uint32(os.Getppid())
	if reads := readsOf(t, func() { programOf(child) }); reads != 1 {
		t.Errorf("%d reads, want 1", reads)
	}
	onAnotherThread(func() {
		tid := uint32(unix.Gettid())
		if reads := readsOf(t, func() { programOf(tid) }); reads != 2 {
			t.Errorf("%d reads for a thread that is not the first, want 2", reads)
		}
		if isFirstThread(tid) || !isFirstThread(uint32(os.Getpid())) || isFirstThread(1<<30) {
			t.Error("the first thread is another one")
		}
	})
}

// A shell that has looked at a file becomes another program, in the same thread, which must have the size.
func TestAProgramInTheThreadOfAShellHasTheSize(t *testing.T) {
	file := newFile("a.md", sample(5000)).estimating(7777)
	dir := mountTree(t, newDir("", fs.Node(file)), Options{})
	const command = `[ -e "$1" ] && exec stat --format=%s "$1"`
	if got := output(t, "sh", "-c", command, "-", join(dir, "a.md")); got != "5000\n" {
		t.Errorf("it is told %s", got)
	}
}
