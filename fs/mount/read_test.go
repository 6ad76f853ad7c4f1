//go:build linux

package mount

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/codafs/codafs/fs"
)

// sample is bytes that differ from place to place, at most sampleSize of them.
func sample(n int) []byte { return slices.Clone(samples()[:n]) }

const sampleSize = 4 << 20

// samples is what every sample begins with. It is made once: printing millions of lines is slow under the race detector.
var samples = sync.OnceValue(func() []byte {
	var b []byte
	for i := int64(0); len(b) < sampleSize; i++ {
		b = append(strconv.AppendInt(append(b, "line "...), i, 10), '\n')
	}
	return b
})

// tree is a few folders with files whose sizes nobody knows.
func tree() (root *fakeDir, files []*fakeFile) {
	files = []*fakeFile{
		newFile("a.md", []byte("# A\n")), newFile("b.md", sample(5000)), newFile("empty.md", nil), newFile("deep.md", sample(10)),
	}
	sub := newDir("sub", files[1], newDir("deeper", files[3]))
	return newDir("", files[0], sub, files[2]), files
}

type counts struct{ versions, opens int64 }

func count(files []*fakeFile) (c counts) {
	for _, f := range files {
		c.versions += f.versions.Load()
		c.opens += f.opens.Load()
	}
	return c
}

func TestNamesAloneCostNoStampsAndNoContent(t *testing.T) {
	for _, cmd := range []string{`ls -a "$1"`, `ls -R "$1"`, `find "$1"`, `find "$1" -type f`, `find "$1" -name "?.md"`} {
		t.Run(cmd, func(t *testing.T) {
			root, files := tree()
			dir := mountTree(t, root, Options{})
			if out := output(t, "sh", "-c", cmd, "-", dir); !strings.Contains(out, "a.md") {
				t.Errorf("no file in:\n%s", out)
			}
			if got := count(files); got != (counts{}) {
				t.Errorf("asked for %+v, want nothing", got)
			}
		})
	}
}

func TestLongListingWithExactSizesAsksOnceForEachFile(t *testing.T) {
	root, files := tree()
	dir := mountTree(t, root, Options{Sizes: Exact})
	out := output(t, "ls", "-lR", dir)
	if n := int64(len(files)); count(files) != (counts{n, n}) {
		t.Errorf("asked for %+v, want one each of %d files", count(files), n)
	}
	for _, want := range []string{" 4 Mar  7", " 5000 Mar  7", " 0 Mar  7"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "?") {
		t.Errorf("unknown attributes in\n%s", out)
	}
}

// Who asks for what the kernel has, without asking us, must not take an unfetched file for an empty one.
func TestUnknownSizeIsNeverZero(t *testing.T) {
	file := newFile("a.md", sample(5000))
	dir := mountTree(t, newDir("", file), Options{})
	if got := output(t, "stat", "--cached=always", "--format=%s", join(dir, "a.md")); got == "0\n" || file.opens.Load() != 0 {
		t.Errorf("size %s after %d fetches", got, file.opens.Load())
	}
	if got := output(t, "stat", "--format=%s", join(dir, "a.md")); got != "5000\n" {
		t.Errorf("then the size is %s", got)
	}
}

func TestKnownSizesAreListedWithoutContent(t *testing.T) {
	root, files := tree()
	for _, f := range files {
		f.knowSize()
	}
	dir := mountTree(t, root, Options{})
	if out := output(t, "find", dir, "-type", "f", "-size", "+1000c"); out != join(dir, "sub", "b.md")+"\n" {
		t.Errorf("find -size prints %q", out)
	}
	if got := count(files).opens; got != 0 {
		t.Errorf("%d contents were opened", got)
	}
}

func TestWalkSeesTheWholeTree(t *testing.T) {
	root, _ := tree()
	dir := mountTree(t, root, Options{})
	got := strings.Fields(output(t, "find", dir, "-mindepth", "1", "-printf", "%y:%P\n"))
	slices.Sort(got)
	want := []string{"d:sub", "d:sub/deeper", "f:a.md", "f:empty.md", "f:sub/b.md", "f:sub/deeper/deep.md"}
	if !slices.Equal(got, want) {
		t.Errorf("find prints %v, want %v", got, want)
	}
}

// A folder with more entries than one READDIR holds arrives whole and in order.
func TestLargeFolderIsListedInOrder(t *testing.T) {
	var nodes []fs.Node
	var want strings.Builder
	for i := range 3000 {
		name := fmt.Sprintf("%04d-%s", (i*7)%3000, strings.Repeat("n", 40))
		want.WriteString(name + "\n")
		if i%10 == 0 {
			nodes = append(nodes, newDir(name))
		} else {
			nodes = append(nodes, newFile(name, nil))
		}
	}
	dir := mountTree(t, newDir("", nodes...), Options{})
	for range 2 { // with attributes of folders, then without
		if got := output(t, "ls", "-U", dir); got != want.String() {
			t.Errorf("%d bytes of names, want %d", len(got), want.Len())
		}
	}
}

func TestAttributes(t *testing.T) {
	file := newFile("a.md", sample(5000))
	dir := mountTree(t, newDir("", file, newDir("d")), Options{})
	owner := fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid())
	const format = "--printf=%f %s %b %u:%g %h %.9X %.9Y %.9Z"
	seconds := fmt.Sprintf("%d.%09d", stamp2026.Unix(), stamp2026.Nanosecond())
	for name, want := range map[string]string{
		"a.md": strings.Join([]string{"8124", "5000", "10", owner, "1", seconds, seconds, seconds}, " "),
		"d":    strings.Join([]string{"416d", "0", "0", owner, "1", seconds, seconds, seconds}, " "),
		"":     strings.Join([]string{"416d", "0", "0", owner, "1", seconds, seconds, seconds}, " "),
	} {
		if got := output(t, "stat", format, join(dir, name)); got != want {
			t.Errorf("stat of %q: %s, want %s", name, got, want)
		}
	}
	if got := output(t, "stat", "--format=%i", dir); got != "1\n" {
		t.Errorf("the root's inode is %s", got)
	}
	if got := output(t, "stat", "-f", "--format=%s %S %l", dir); got != "4096 4096 255\n" {
		t.Errorf("block sizes and name length: %s", got)
	}
}

func TestOthersSeeItOnlyWhenAllowed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	for _, allow := range []bool{false, true} {
		dir := mountTree(t, newDir("", newFile("a.md", []byte("a"))), Options{AllowOther: allow})
		if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := tool(t, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat", join(dir, "a.md"))
		if out, err := cmd.CombinedOutput(); (err == nil) != allow || allow && string(out) != "a" {
			t.Errorf("allowed %v: %q, %v", allow, out, err)
		}
	}
}

func TestOwnerCanBeChosen(t *testing.T) {
	dir := mountTree(t, newDir("", newFile("a.md", nil)), Options{UID: 1234, GID: 5678})
	if got := output(t, "stat", "--format=%u %g", dir, join(dir, "a.md")); got != "1234 5678\n1234 5678\n" {
		t.Errorf("owners: %s", got)
	}
}

func TestHiddenEntryIsFoundAndNotListed(t *testing.T) {
	root := newDir("", newFile("a.md", nil))
	root.hidden = map[string]fs.Node{".codafs": newDir(".codafs", newFile("status.json", []byte("{}\n")))}
	dir := mountTree(t, root, Options{})
	if got := output(t, "ls", "-a", dir); got != ".\n..\na.md\n" {
		t.Errorf("ls -a prints %q", got)
	}
	if got := output(t, "cat", join(dir, ".codafs/status.json")); got != "{}\n" {
		t.Errorf("status.json is %q", got)
	}
}

func TestRewindListsAfresh(t *testing.T) {
	root := newDir("", newFile("a.md", nil))
	dir := mountTree(t, root, Options{})
	cmd := tool(t, "python3", "-c", `
import ctypes, sys
c = ctypes.CDLL(None)
c.opendir.restype = c.readdir.restype = ctypes.c_void_p
c.readdir.argtypes = c.rewinddir.argtypes = [ctypes.c_void_p]
d = c.opendir(sys.argv[1].encode())
def names():
    n = 0
    while c.readdir(d): n += 1
    print(n, flush=True)
names()
sys.stdin.readline()
c.rewinddir(d)
names()
`, dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	lines := lineReader(t, cmd)
	first := lines()
	root.set(newFile("a.md", nil), newFile("b.md", nil))
	fmt.Fprintln(in)
	if second := lines(); first != "3" || second != "4" {
		t.Errorf("%s entries, then %s; want 3 and 4", first, second)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestXAttrs(t *testing.T) {
	file := newFile("a.md", []byte("x"))
	file.obj.URL, file.obj.UpdatedBy = "https://coda.io/d/_dX", "ann@example.com"
	file.obj.CreatedAt, file.obj.UpdatedAt = stamp2026.AddDate(-1, 0, 0), stamp2026
	sub := newDir("d")
	sub.obj.ID = "doc1"
	dir := mountTree(t, newDir("", file, sub), Options{XAttrs: "coda"})
	want := map[string]string{
		"user.coda.id": "a.md", "user.coda.type": "page", "user.coda.url": "https://coda.io/d/_dX",
		"user.coda.created_at": "2025-03-07T10:15:30.123456789Z", "user.coda.updated_at": "2026-03-07T10:15:30.123456789Z",
		"user.coda.updated_by": "ann@example.com", "user.codafs.size": "exact",
	}
	if got := getfattr(t, join(dir, "a.md")); !maps.Equal(got, want) {
		t.Errorf("the file has %v, want %v", got, want)
	}
	if got, want := getfattr(t, join(dir, "d")), map[string]string{"user.coda.id": "doc1", "user.coda.type": "folder"}; !maps.Equal(got, want) {
		t.Errorf("the folder has %v, want %v", got, want)
	}
	if out := fails(t, "getfattr", "-n", "user.other", join(dir, "a.md")); !strings.Contains(out, "No such attribute") {
		t.Errorf("an unknown attribute: %s", out)
	}
}

func TestListingWithXAttrsFetchesNothing(t *testing.T) {
	root, files := tree()
	dir := mountTree(t, root, Options{XAttrs: "coda"})
	output(t, "ls", "-lR", dir)
	output(t, renamed(t, "getfattr", "ls"), "-dR", dir)
	if got := count(files).opens; got != 0 {
		t.Errorf("%d contents were opened", got)
	}
}

func getfattr(t *testing.T, path string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for line := range strings.Lines(output(t, "getfattr", "--absolute-names", "-d", path)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			all[name] = strings.Trim(value, `"`)
		}
	}
	return all
}

func TestXAttrsAreOffByDefault(t *testing.T) {
	dir := mountTree(t, newDir("", newFile("a.md", nil)), Options{})
	if out := fails(t, "getfattr", "-d", join(dir, "a.md")); !strings.Contains(out, "Operation not supported") {
		t.Errorf("getfattr says %s", out)
	}
}

func TestNothingCanBeWritten(t *testing.T) {
	root := newDir("", newFile("a.md", []byte("kept\n")), newDir("d"))
	dir := mountTree(t, root, Options{XAttrs: "coda"})
	for _, mode := range []string{"as mounted", "remounted for writing"} {
		t.Run(mode, func(t *testing.T) {
			if mode != "as mounted" {
				remountForWriting(t, dir)
			}
			if out, err := start(t, helper(t, "write", dir))(); err != nil {
				t.Errorf("not EROFS: %v\n%s", err, out)
			}
			for _, cmd := range []string{"touch a.md", "touch new", "mkdir new", "rm -f a.md", "rmdir d", "mv a.md b.md",
				"chmod 777 a.md", "ln -s a.md l", "echo x > a.md", "echo x > new", "echo x >> a.md", "setfattr -n user.x -v y a.md", "truncate -s 0 a.md"} {
				if out := fails(t, "sh", "-c", "cd "+dir+" && "+cmd); !strings.Contains(out, "Read-only file system") {
					t.Errorf("%s says %s", cmd, out)
				}
			}
		})
	}
	if got := output(t, "cat", join(dir, "a.md")); got != "kept\n" {
		t.Errorf("a.md is %q", got)
	}
}

func TestMountIsShownByItsType(t *testing.T) {
	dir := mountTree(t, newDir(""), Options{})
	got := strings.Fields(output(t, "findmnt", "-n", "-t", "fuse.codafs", "-o", "SOURCE,FSTYPE,OPTIONS", dir))
	if len(got) != 3 || got[0] != "codafs" || got[1] != "fuse.codafs" {
		t.Fatalf("findmnt prints %v", got)
	}
	for _, want := range []string{"ro", "nosuid", "nodev", "default_permissions"} {
		if !slices.Contains(strings.Split(got[2], ","), want) {
			t.Errorf("no %s among %s", want, got[2])
		}
	}
}

func TestNameOverTheLimit(t *testing.T) {
	dir := mountTree(t, newDir(""), Options{})
	if out := fails(t, "cat", filepath.Join(dir, strings.Repeat("n", maxName+1))); !strings.Contains(out, "File name too long") {
		t.Errorf("cat says %s", out)
	}
}
