//go:build linux

package mount

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
)

// agingFile is a file of what is computed. Once old is set, who renews it finds other bytes of the same length.
type agingFile struct {
	*fakeFile
	old      atomic.Bool
	renewals atomic.Int64
	refused  atomic.Bool
}

func newAging(name string) *agingFile {
	f := &agingFile{fakeFile: newFile(name, []byte("version 1\n"))}
	f.publishComputed(1)
	f.ready()
	return f
}

func (f *agingFile) publishComputed(n int64) {
	f.publish(fmt.Sprint("v", n), fmt.Appendf(nil, "version %d\n", n))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now.Computed, f.now.Unstamped = fs.ComputedVolatile, true
}

func (f *agingFile) Renew(context.Context, time.Time) error { panic("nobody makes a backup") }

func (f *agingFile) RenewIfOld(context.Context) error {
	if f.refused.Load() {
		return syscall.EIO
	}
	if f.old.Swap(false) {
		f.publishComputed(1 + f.renewals.Add(1))
		f.ready()
	}
	return nil
}

// holdHelper opens a file, says so, and after a line of input tells its size and what is in it.
func holdHelper(args []string) int {
	file, err := os.Open(args[0])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer file.Close()
	fmt.Println("opened")
	bufio.NewReader(os.Stdin).ReadString('\n')
	var st syscall.Stat_t
	if err := syscall.Fstat(int(file.Fd()), &st); err != nil {
		fmt.Println("fstat:", err)
	}
	text, err := io.ReadAll(file)
	fmt.Println(st.Size, strings.TrimSpace(string(text)), err)
	return 0
}

// In a mount that is told of opens and in one that is not.
func TestVolatileFilesAreRenewed(t *testing.T) {
	for name, blind := range map[string]bool{"silent": false, "blind": true} {
		t.Run(name, func(t *testing.T) {
			f := newAging("tasks.csv")
			dir := mountTree(t, newDir("", f), Options{Notified: true, blind: blind})
			path := join(dir, "tasks.csv")
			if got := output(t, "cat", path); got != "version 1\n" {
				t.Fatalf("read %q", got)
			}
			f.old.Store(true)
			output(t, "ls", "-l", path)
			output(t, "find", dir, "-size", "+1")
			if n := f.renewals.Load(); n != 0 {
				t.Errorf("%d renewals for programs that only look", n)
			}
			if got := output(t, "cat", path); got != "version 2\n" {
				t.Errorf("who opens it reads %q", got)
			}
			first := output(t, "stat", "-c", "%i %s", path)
			f.old.Store(true)
			eventually(t, "who copies by time and size sees other bytes, once those who had the old ones open have left",
				func() bool { return output(t, "stat", "-c", "%i %s", path) != first && f.renewals.Load() == 2 })
			if got := output(t, "cat", path); got != "version 3\n" || f.renewals.Load() != 2 {
				t.Errorf("then reads %q after %d renewals", got, f.renewals.Load())
			}
			output(t, "cat", path)
			if n := f.renewals.Load(); n != 2 {
				t.Errorf("%d renewals of what is not old", n)
			}
		})
	}
}

func TestWhoHasAVolatileFileOpenReadsOn(t *testing.T) {
	for name, blind := range map[string]bool{"silent": false, "blind": true} {
		t.Run(name, func(t *testing.T) {
			f := newAging("tasks.csv")
			dir := mountTree(t, newDir("", f), Options{Notified: true, blind: blind})
			path := join(dir, "tasks.csv")
			cmd := helper(t, "hold", path)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			lines := lineReader(t, cmd)
			if line := lines(); line != "opened" {
				t.Fatal(line)
			}
			f.old.Store(true) // its fstat comes when the file is old
			fmt.Fprintln(in)
			if line := lines(); line != "10 version 1 <nil>" {
				t.Error(line)
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
			if n := f.renewals.Load(); n != 0 {
				t.Errorf("%d renewals by who had it open", n)
			}
			if got := output(t, "cat", path); got != "version 2\n" {
				t.Errorf("the next reads %q", got)
			}
		})
	}
}

// Where it cannot be fetched anew, an open fails as any; that a program only asks for its size and time is no reason to fail.
func TestAVolatileFileThatCannotBeRenewed(t *testing.T) {
	f := newAging("tasks.csv")
	dir := mountTree(t, newDir("", f), Options{Notified: true})
	path := join(dir, "tasks.csv")
	output(t, "cat", path)
	f.refused.Store(true)
	output(t, "stat", path)
	fails(t, "cat", path)
}
