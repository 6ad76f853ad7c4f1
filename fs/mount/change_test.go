//go:build linux

package mount

import (
	"bytes"
	"errors"
	"fmt"
	iofs "io/fs"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/codafs/codafs/fs"
)

func TestOpenFileKeepsItsVersion(t *testing.T) {
	for _, where := range []string{"memory", "disk"} {
		t.Run(where, func(t *testing.T) {
			old, fresh := sample(300_000), []byte("new\n")
			file := newFile("a.md", old)
			if where == "disk" {
				file.onDisk(t)
			}
			dir := mountTree(t, newDir("", file), Options{})
			cmd := tool(t, "sh", "-c", `exec 3<"$1"; echo opened; read go; cat <&3`, "-", join(dir, "a.md"))
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			lines := lineReader(t, cmd)
			lines() // opened
			file.publish("v2", fresh)
			file.forget("v1")
			eventually(t, "the new version under the name", func() bool {
				return output(t, "cat", join(dir, "a.md")) == string(fresh)
			})
			fmt.Fprintln(in)
			for want := range strings.Lines(string(old)) {
				if got := lines(); got != strings.TrimSuffix(want, "\n") {
					t.Fatalf("the open file reads %q, want %q", got, want)
				}
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Coda gives newer bytes under an old stamp if it is asked again just after an edit. Whoever is in the middle of the
// file reads what it opened, and nobody reads some of this and some of that.
func TestOtherBytesUnderTheSameVersionAreNotMixedIn(t *testing.T) {
	old := sample(300_000)
	file := newFile("a.md", old)
	dir := mountTree(t, newDir("", file), Options{Notified: true})
	cmd := tool(t, "sh", "-c", `exec 3<"$1"; dd bs=7000 count=1 status=none <&3 >/dev/null; echo opened; read go; exec cat <&3`, "-", join(dir, "a.md"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	lines := lineReader(t, cmd)
	lines() // opened
	file.evict("v1", bytes.ToUpper(sample(310_000)))
	for range 2 {
		if got := output(t, "cat", join(dir, "a.md")); got != string(old) {
			t.Errorf("another reader gets %d bytes", len(got))
		}
	}
	fmt.Fprintln(in)
	for want := range strings.Lines(string(old[7000:])) {
		if got := lines(); got != strings.TrimSuffix(want, "\n") {
			t.Fatalf("the open file reads %q, want %q", got, want)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestNewVersionsAndNamesAreSeen(t *testing.T) {
	file := newFile("a.md", []byte("short")).knowSize()
	root := newDir("", file)
	dir := mountTree(t, root, Options{})
	if got := output(t, "stat", "--format=%s", join(dir, "a.md")); got != "5\n" {
		t.Fatalf("size %s", got)
	}
	fails(t, "cat", join(dir, "b.md"))
	file.publish("v2", []byte("quite a bit longer"))
	root.set(file, newFile("b.md", []byte("b")))
	eventually(t, "the new size", func() bool { return output(t, "stat", "--format=%s", join(dir, "a.md")) == "18\n" })
	eventually(t, "the new name", func() bool { return output(t, "ls", dir) == "a.md\nb.md\n" })
	eventually(t, "the file that was not there", func() bool {
		out, err := tool(t, "cat", join(dir, "b.md")).Output()
		return err == nil && string(out) == "b"
	})
	root.set(file)
	eventually(t, "the name's end", func() bool { return tool(t, "cat", join(dir, "b.md")).Run() != nil })
}

// A version that is gone between lookup and open is looked up again by the kernel, so the program sees
// the new one, and no error.
func TestStaleVersionIsLookedUpAgain(t *testing.T) {
	for _, known := range []bool{false, true} {
		for _, command := range []string{`cat "$1"`, `cat < "$1"`} {
			t.Run(fmt.Sprint(command, ", size known ", known), func(t *testing.T) {
				file := newFile("a.md", []byte("old"))
				if known {
					file.knowSize()
				}
				file.gated()
				dir := mountTree(t, newDir("", file), Options{})
				result := start(t, tool(t, "sh", "-c", command, "-", join(dir, "a.md")))
				<-file.began
				file.forget("v1")
				file.publish("v2", []byte("new"))
				close(file.gate)
				if out, err := result(); err != nil || out != "new" {
					t.Errorf("it prints %q, %v", out, err)
				}
			})
		}
	}
}

// A size that was told once holds, also when the tree does not know it any more.
func TestSizeOfAnOpenFileIsNotForgotten(t *testing.T) {
	file := newFile("a.md", sample(5000))
	dir := mountTree(t, newDir("", file), Options{})
	cmd := tool(t, "sh", "-c", `exec 3<"$1"; echo opened; read go`, "-", join(dir, "a.md"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	lineReader(t, cmd)() // opened
	file.forgetSizes()
	versions := file.versions.Load()
	eventually(t, "a new lookup", func() bool {
		if got := output(t, "stat", "-L", "--cached=always", "--format=%s", fmt.Sprintf("/proc/%d/fd/3", cmd.Process.Pid), join(dir, "a.md")); got != "5000\n5000\n" {
			t.Fatalf("sizes %s", got)
		}
		return file.versions.Load() > versions
	})
	fmt.Fprintln(in)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// A volatile file is looked up each time, so it is never old, and never known before.
func TestVolatileFileIsNeverOld(t *testing.T) {
	for i, o := range []Options{{}, {Notified: true}, {Notified: true, Sizes: Estimate}, {Notified: true}, {blind: true}} {
		for _, command := range []string{`cat "$1"`, `cat < "$1"`, `ls -l "$1" > /dev/null; cat < "$1"`, `busybox cat < "$1"`,
			`[ -s "$1" ] && dd status=none < "$1"`, `find "$1" -size +0 -exec cat {} \;`} {
			t.Run(fmt.Sprint(i, command), func(t *testing.T) {
				file := newFile("status.json", []byte("0")).estimating(1 << 20)
				file.everNew.Store(true)
				file.costly = i >= 3
				dir := mountTree(t, newDir("", file), o)
				for i := range 5 {
					want := fmt.Sprint("status ", i)
					file.publish(want, []byte(want))
					if got := output(t, "sh", "-c", command, "-", join(dir, "status.json")); got != want {
						t.Errorf("%q, want %q", got, want)
					}
				}
			})
		}
	}
}

func TestInodesAreTheSameAfterRemount(t *testing.T) {
	inodes := func() string {
		root, files := tree()
		for _, f := range files {
			f.knowSize()
		}
		dir, s := mountServer(t, root, Options{})
		defer s.Unmount()
		return output(t, "find", dir, "-exec", "stat", "--format=%i", "{}", ";")
	}
	first, second := inodes(), inodes()
	if first != second {
		t.Errorf("inodes %s\nafter a remount %s", first, second)
	}
	seen := map[string]bool{}
	for ino := range strings.Lines(first) {
		if seen[ino] {
			t.Errorf("two files have the inode %s", ino)
		}
		seen[ino] = true
	}
}

func TestInodeIsTheVersionAndNothingElse(t *testing.T) {
	object := fs.Object{Kind: fs.KindPage, DocID: "d", ID: "p", Type: "page"}
	number := func(key string, change func(*fakeFile)) uint64 {
		f := &fakeFile{name: "n", obj: object}
		change(f)
		return inode(f, key)
	}
	same := number("v1", func(*fakeFile) {})
	if got := number("v1", func(f *fakeFile) { f.name, f.obj.Title = "renamed", "Renamed" }); got != same {
		t.Error("a new name makes a new inode")
	}
	seen := map[uint64]string{rootIno: "the root", same: "the file"}
	for what, got := range map[string]uint64{
		"version":   number("v2", func(*fakeFile) {}),
		"kind":      number("v1", func(f *fakeFile) { f.obj.Kind = fs.KindPageHTML }),
		"doc":       number("v1", func(f *fakeFile) { f.obj.DocID = "e" }),
		"id":        number("v1", func(f *fakeFile) { f.obj.ID = "q" }),
		"type":      number("v1", func(f *fakeFile) { f.obj.Type = "canvas" }),
		"no id":     number("v1", func(f *fakeFile) { f.obj.ID = "" }),
		"other one": number("v1", func(f *fakeFile) { f.obj.ID, f.name = "", "m" }),
		"ids moved": number("v1", func(f *fakeFile) { f.obj.DocID, f.obj.ID = "dp", "" }),
	} {
		if other, ok := seen[got]; ok {
			t.Errorf("another %s has the inode of %s", what, other)
		}
		if got>>63 != 0 {
			t.Errorf("%s: inode %d has more than 63 bits", what, got)
		}
		seen[got] = what
	}
}

// told collects what Options.Report is told.
type told struct {
	n    atomic.Int64
	last atomic.Value
}

func (r *told) report(n fs.Node, op string, err error) {
	r.n.Add(1)
	r.last.Store(fmt.Sprintf("%s %s: %v", op, n.Name(), err))
}

func TestFailingFileFailsAloneAndIsReportedOnce(t *testing.T) {
	for op, prepare := range map[string]func(*fakeFile){
		"getattr": func(*fakeFile) {},
		"open":    func(f *fakeFile) { f.knowSize() },
	} {
		t.Run(op, func(t *testing.T) {
			var r told
			bad := newFile("bad.md", []byte("x")).failing(fmt.Errorf("export: %w", errors.New("it broke")))
			prepare(bad)
			dir := mountTree(t, newDir("", newFile("a.md", []byte("a")), bad, newFile("b.md", []byte("b"))), Options{Report: r.report})
			out, err := tool(t, "cat", join(dir, "a.md"), join(dir, "bad.md"), join(dir, "b.md")).CombinedOutput()
			if err == nil || !strings.Contains(string(out), "Input/output error") {
				t.Errorf("cat: %v, %s", err, out)
			}
			if !strings.HasPrefix(string(out), "a") || !strings.HasSuffix(string(out), "b") {
				t.Errorf("the others are missing in %q", out)
			}
			if n, want := r.n.Load(), op+" bad.md: export: it broke"; n != 1 || r.last.Load() != want {
				t.Errorf("%d reports, the last %q, want one of %q", n, r.last.Load(), want)
			}
		})
	}
}

func TestFailingListingIsAnError(t *testing.T) {
	var r told
	sub := newDir("sub", newFile("a.md", nil))
	dir := mountTree(t, newDir("", sub), Options{Report: r.report})
	// Programs take ENOENT for the end of the folder: it must not be that.
	sub.fail(fmt.Errorf("listing pages: %w", iofs.ErrNotExist))
	if out := fails(t, "ls", join(dir, "sub")); !strings.Contains(out, "Input/output error") {
		t.Errorf("ls says %s", out)
	}
	sub.fail(fmt.Errorf("listing pages: %w", iofs.ErrPermission))
	if out := fails(t, "ls", join(dir, "sub")); !strings.Contains(out, "Permission denied") {
		t.Errorf("ls says %s", out)
	}
	if n, want := r.n.Load(), "readdir sub: listing pages: permission denied"; n != 1 || r.last.Load() != want {
		t.Errorf("%d reports, the last %q, want %q", n, r.last.Load(), want)
	}
	sub.fail(nil)
	if out := output(t, "ls", join(dir, "sub")); out != "a.md\n" {
		t.Errorf("afterwards ls prints %q", out)
	}
}

func TestMissingNameIsNoFailure(t *testing.T) {
	var r told
	dir := mountTree(t, newDir(""), Options{Report: r.report})
	if out := fails(t, "cat", join(dir, "nothing")); !strings.Contains(out, "No such file or directory") {
		t.Errorf("cat says %s", out)
	}
	if r.n.Load() != 0 {
		t.Errorf("it was reported: %s", r.last.Load())
	}
}

func TestPanicFailsOneFileOnly(t *testing.T) {
	var r told
	bad := newFile("bad.md", []byte("x"))
	bad.crash = true
	dir := mountTree(t, newDir("", bad, newFile("a.md", []byte("a"))), Options{Report: r.report})
	if out := fails(t, "cat", join(dir, "bad.md")); !strings.Contains(out, "Input/output error") {
		t.Errorf("cat says %s", out)
	}
	if got := output(t, "cat", join(dir, "a.md")); got != "a" || r.n.Load() != 1 {
		t.Errorf("the other file is %q after %d reports", got, r.n.Load())
	}
}
