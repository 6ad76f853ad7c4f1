//go:build linux

package mount

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
)

// docTree is docs/ with a folder for each of docs, which has the files given.
func docTree(docs map[string][]fs.Node) (root *fakeDir, folders map[string]*fakeDir) {
	list, folders := newDir("docs"), map[string]*fakeDir{}
	for id, files := range docs {
		d := newDir("doc-"+id, files...)
		d.obj.DocID = id
		folders[id] = d
		list.entries = append(list.entries, d)
	}
	folders[""] = list
	return newDir("", list), folders
}

// knownFiles are n files of a doc, all fetched.
func knownFiles(n int, doc string) (nodes []fs.Node) {
	for i := range n {
		f := newFile(fmt.Sprintf("page-%05d.md", i), []byte("text\n")).ready()
		f.obj.DocID = doc
		nodes = append(nodes, f)
	}
	return nodes
}

// shell is a program that has been started before the measuring: all that it then asks is for the commands.
type shell struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
}

func newShell(t *testing.T, dir string) *shell {
	// Not by cmd.Dir: while a child changes there before it becomes the program, nothing may run here that stops all
	// goroutines, as a garbage collection does, and so nobody answers the child.
	cmd := tool(t, "sh", "-c", `cd "$1" && exec bash --norc`, "-", dir)
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	return &shell{t, in, bufio.NewReader(out)}
}

// run gives what a command prints.
func (s *shell) run(command string) string {
	s.t.Helper()
	fmt.Fprintf(s.in, "%s\necho =end=\n", command)
	var b strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			s.t.Fatalf("%s: %v", command, err)
		}
		if line == "=end=\n" {
			return b.String()
		}
		b.WriteString(line)
	}
}

func TestSecondWalkAsksNextToNothing(t *testing.T) {
	const n = 4_000
	root, folders := docTree(map[string][]fs.Node{"d1": knownFiles(n, "d1")})
	dir, s, asked := countedMount(t, root, Options{Notified: true})
	doc := join(dir, "docs", folders["d1"].name)
	nothing := func(asked map[string]int) bool {
		if s.silent {
			return len(asked) == 0
		}
		return asked["OPENDIR"] == total(asked) && total(asked) <= 2
	}
	for _, command := range []string{"ls -l", "ls --color=always", "find", "find -size +0", "du -s", "stat page-*", "python3 -c 'import os; [os.lstat(f) for f in os.listdir()]'"} {
		sh := newShell(t, doc)
		sh.run(command + " | wc -l")
		first := asked.take()
		var again map[string]int
		// The kernel may drop pages of the listing at any time: it is short of memory, or its host is. It then
		// reads on to the end, and the next walk reads all once more.
		for tries := 0; tries < 6; tries++ {
			sh.run(command + " | wc -l")
			if again = asked.take(); nothing(again) {
				break
			}
		}
		t.Logf("%s: first %v, then %v", command, first, again)
		if !nothing(again) {
			t.Errorf("%s, once more: asked %v", command, again)
		}
	}
}

func total(counts map[string]int) (n int) {
	for _, k := range counts {
		n += k
	}
	return n
}

// bell reports when the kernel has been told: a file in a doc of its own, outside docs/.
type bell struct {
	file *fakeFile
	sh   *shell
	s    *Server
}

// hangBell adds a bell to root, before it is mounted.
func hangBell(root *fakeDir) *bell {
	b := &bell{file: newFile("bell", nil)}
	folder := newDir("bell", b.file)
	folder.obj.DocID = "bell"
	root.hidden = map[string]fs.Node{folder.name: folder}
	return b
}

func (b *bell) start(t *testing.T, dir string, s *Server) *bell {
	b.s, b.sh = s, newShell(t, join(dir, "bell"))
	return b
}

// after waits until the kernel has been told of all changes so far. The first ring may be heard while they
// are being told, the second cannot.
func (b *bell) after(docs ...string) {
	b.sh.t.Helper()
	for _, doc := range docs {
		b.s.Changed(doc)
	}
	for i := range 2 {
		key := fmt.Sprintln("ring", i, rand.Uint64())
		b.file.publish(key, []byte(key))
		b.s.Changed("bell")
		eventually(b.sh.t, "the bell", func() bool { return b.sh.run("cat bell") == key })
	}
}

func TestChangeIsLookedUpOncePerPathAndKeepsThePages(t *testing.T) {
	same, other := newFile("same.md", sample(300_000)).onDisk(t).ready(), newFile("other.md", sample(300_000)).ready()
	moved := newFile("moved.md", sample(300_000)).ready()
	other.obj.DocID = "d2"
	root, _ := docTree(map[string][]fs.Node{"d1": {same, moved}, "d2": {other}})
	bell := hangBell(root)
	dir, s, asked := countedMount(t, root, Options{Notified: true})
	bell.start(t, dir, s)
	sh := newShell(t, join(dir, "docs"))
	sh.run("cat doc-d1/*.md doc-d2/*.md | wc -c")
	asked.take()
	sh.run("cat doc-d1/*.md doc-d2/*.md | wc -c")
	asked.want(t, "before the change", opens(s, 3, 2))

	moved.publish("v2", sample(400_000))
	moved.ready()
	bell.after("d1")
	asked.take()
	before := moved.opens.Load()
	if got := strings.TrimSpace(sh.run("cat doc-d1/same.md | wc -c; cat doc-d2/other.md | wc -c")); got != "300000\n300000" {
		t.Errorf("sizes %s", got)
	}
	// One for the folder, one for the file: it has its old inode, so its pages are there still. The attributes of
	// folders are asked for too.
	if got := asked.take(); got["LOOKUP"] != 2 || got["READ"] != 0 {
		t.Errorf("the unchanged file, and the doc that did not change: asked %v, want 2 lookups", got)
	}
	sh.run("cat doc-d1/same.md doc-d1/same.md | wc -c")
	asked.want(t, "once more", opens(s, 2, 0))
	if got := strings.TrimSpace(sh.run("cat doc-d1/moved.md | wc -c")); got != "400000" || moved.opens.Load() == before {
		t.Errorf("the changed file has %s bytes, after %d opens", got, moved.opens.Load()-before)
	}
	if got := asked.take(); got["LOOKUP"] != 2 || got["READ"] == 0 {
		// The kernel drops the name at the first, for it has another inode, and begins again.
		t.Errorf("the changed file: asked %v, want 2 lookups", got)
	}
}

func TestNamesThatComeGoAndMoveAreSeenAtOnce(t *testing.T) {
	a, b := newFile("a.md", []byte("a\n")).knowSize(), newFile("b.md", []byte("b\n")).knowSize()
	sub, empty := newDir("sub", newFile("deep.md", []byte("deep\n")).knowSize()), newDir("empty")
	sub.obj.DocID, empty.obj.DocID = "d1", "d1"
	root, folders := docTree(map[string][]fs.Node{"d1": {a, b, sub, empty}})
	doc, bell := folders["d1"], hangBell(root)
	dir, s := mountServer(t, root, Options{Notified: true})
	bell.start(t, dir, s)
	path := join(dir, "docs", doc.name)
	inside, deep, outside := newShell(t, path), newShell(t, join(path, "sub")), newShell(t, "/")
	for _, sh := range []*shell{inside, outside} { // so that the kernel has it all, also what is not there
		sh.run(fmt.Sprintf("cd %s; ls; ls; cat new.md c.md ../gone 2>/dev/null; ls -l; ls sub empty; ls sub empty; cat a.md b.md", path))
	}
	outside.run("cd /")

	renamed := newFile("c.md", []byte("b\n"))
	renamed.obj = b.obj
	doc.set(newFile("new.md", []byte("new\n")), renamed, sub, empty)
	empty.set(newFile("first.md", nil))
	sub.set(newFile("deep.md", []byte("deep\n")), newFile("deeper.md", []byte("deeper\n")))
	bell.after("d1")
	for name, sh := range map[string]*shell{"a shell inside": inside, "a shell outside": outside} {
		sh.run("cd " + path)
		if got := sh.run("ls"); got != "c.md\nempty\nnew.md\nsub\n" {
			t.Errorf("%s sees %q", name, got)
		}
		if got := sh.run("ls empty"); got != "first.md\n" {
			t.Errorf("%s sees %q in the folder that was empty", name, got)
		}
		if got := sh.run("cat new.md c.md sub/deeper.md"); got != "new\nb\ndeeper\n" {
			t.Errorf("%s reads %q", name, got)
		}
		if got := sh.run("test -e a.md || echo gone; test -e b.md || echo gone"); got != "gone\ngone\n" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := deep.run("/bin/pwd; ls; cat deeper.md"); got != join(path, "sub")+"\ndeep.md\ndeeper.md\ndeeper\n" {
		t.Errorf("a shell in the subfolder sees %q", got)
	}
}

func TestListOfDocsChanges(t *testing.T) {
	root, folders := docTree(map[string][]fs.Node{"d1": nil, "d2": {newFile("a.md", nil)}})
	docs, bell := folders[""], hangBell(root)
	dir, s, asked := countedMount(t, root, Options{Notified: true})
	bell.start(t, dir, s)
	sh := newShell(t, join(dir, "docs"))
	sh.run("ls; ls doc-d2; cat doc-d3/x; ls -l doc-d1 doc-d2")
	d3 := newDir("doc-d3", newFile("x", []byte("x\n")))
	d3.obj.DocID = "d3"
	docs.set(folders["d2"], d3)
	bell.after("")
	if got := sh.run("ls; cat doc-d3/x; test -e doc-d1 || echo gone"); got != "doc-d2\ndoc-d3\nx\ngone\n" {
		t.Errorf("the shell sees %q", got)
	}
	asked.take()
	sh.run("stat doc-d2/a.md") // size unknown
	if got := asked.take(); got["LOOKUP"] > 1 {
		t.Errorf("a doc that has not changed: asked %v", got)
	}
}

// A program may take its time between opendir(3) and readdir(3). What it reads is what the kernel keeps.
func TestFolderOpenedBeforeAChangeIsReadAfterIt(t *testing.T) {
	a, b := newFile("a.md", nil), newFile("b.md", nil)
	root, folders := docTree(map[string][]fs.Node{"d1": {a}})
	doc, bell := folders["d1"], hangBell(root)
	dir, s := mountServer(t, root, Options{Notified: true})
	bell.start(t, dir, s)
	cmd := tool(t, "python3", "-c", `
import os, sys
entries = os.scandir(sys.argv[1])
print("opened", flush=True)
sys.stdin.readline()
print(sorted(e.name for e in entries))
`, join(dir, "docs", doc.name))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	lines := lineReader(t, cmd)
	lines() // opened
	doc.set(a, b)
	bell.after("d1")
	fmt.Fprintln(in)
	if got := lines(); got != "['a.md', 'b.md']" {
		t.Errorf("it reads %s", got)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if got := output(t, "ls", join(dir, "docs", doc.name)); got != "a.md\nb.md\n" {
		t.Errorf("ls prints %q", got)
	}
}

// The kernel drops a listing when memory is short, and tells nobody.
func TestListingIsAskedForOnceAndAgainWhenTheKernelLostIt(t *testing.T) {
	root := newDir("", newFile("a.md", nil), newFile("b.md", nil))
	dir, s := mountServer(t, root, Options{Notified: true})
	for range 3 {
		output(t, "ls", dir)
	}
	if n := root.lists.Load(); n != 1 {
		t.Errorf("the folder was listed %d times for three ls", n)
	}
	s.root.NotifyContent(0, 0)
	if got := output(t, "ls", dir); got != "a.md\nb.md\n" {
		t.Errorf("then ls prints %q", got)
	}
}

func TestBurstOfChangesIsOne(t *testing.T) {
	root, folders := docTree(map[string][]fs.Node{"d1": knownFiles(100, "d1")})
	bell := hangBell(root)
	dir, s, asked := countedMount(t, root, Options{Notified: true})
	bell.start(t, dir, s)
	sh := newShell(t, join(dir, "docs", folders["d1"].name))
	sh.run("ls -l")
	for range 1000 {
		s.Changed("d1")
	}
	bell.after()
	sh.run("ls -l")
	asked.take()
	if sh.run("ls -l"); asked.take()["LOOKUP"] != 0 {
		t.Error("the kernel was told again")
	}
}

func TestChangedAfterTheEnd(t *testing.T) {
	_, s := mountServer(t, newDir(""), Options{Notified: true})
	if err := s.Unmount(); err != nil {
		t.Fatal(err)
	}
	s.Changed("d1")
	s.Changed("")
}

// Readers of all kinds under a storm of changes: nobody hangs, and nobody reads anything but a version that was.
func TestReadersInAStormOfChanges(t *testing.T) {
	const files = 20
	docs := map[string][]fs.Node{}
	var all []*fakeFile
	for _, id := range []string{"d1", "d2"} {
		for i := range files {
			f := newFile(fmt.Sprintf("%02d.md", i), versionText(0, i)).knowSize()
			f.obj.DocID, f.obj.ID = id, fmt.Sprint(id, i)
			all = append(all, f)
			docs[id] = append(docs[id], f)
		}
	}
	root, _ := docTree(docs)
	o := Options{Notified: true, maxKnown: rand.IntN(2) * files} // 0: the kernel forgets nothing
	t.Logf("%+v", o)
	dir, s := mountServer(t, root, o)
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for k := 1; !stop.Load(); k++ {
			i := rand.IntN(len(all))
			all[i].publish(fmt.Sprint("v", k), versionText(k, i%files))
			if k%3 == 0 {
				all[i].knowSize()
			}
			s.Changed(all[i].obj.DocID)
			s.Changed("")
			time.Sleep(time.Millisecond) // the pace of the storm; nothing waits for it
		}
	}()
	var results []func() (string, error)
	for _, command := range []string{"cat */*", "ls -lR", "find . -type f -size +0 | xargs cat", "grep -rh . .", "tar cf - .| tar xOf -", "busybox cat */*", "cd doc-d1; for i in *; do cat < $i; done",
		`python3 -c 'import glob
for f in glob.glob("*/*"): print(open(f).read(), end="")'`} {
		cmd := exec.CommandContext(t.Context(), "bash", "-c", `cd "$1"; for k in $(seq 8); do `+command+"; done", "-", join(dir, "docs"))
		results = append(results, start(t, cmd))
	}
	for _, result := range results {
		out, err := result()
		if err != nil {
			t.Error(err, out)
		}
		for line := range strings.Lines(out) {
			if strings.HasPrefix(line, "version") && !strings.HasSuffix(line, "!\n") {
				t.Errorf("a torn line: %q", line)
			}
		}
	}
	stop.Store(true)
	<-done
}

// versionText is of another size for each version.
func versionText(k, i int) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("version %d of %d!\n", k, i), 1+(k*7+i)%300))
}

func TestNamesAreKeptAMomentWhereNobodyTellsOfChanges(t *testing.T) {
	root, folders := docTree(map[string][]fs.Node{"d1": knownFiles(1, "d1")})
	dir, _, asked := countedMount(t, root, Options{})
	sh := newShell(t, filepath.Join(dir, "docs", folders["d1"].name))
	sh.run("ls; stat page-*")
	asked.take()
	sh.run("ls")
	if got := asked.take(); got["READDIR"]+got["READDIRPLUS"] == 0 {
		t.Errorf("the listing was kept: asked %v", got)
	}
	eventually(t, "a lookup", func() bool {
		sh.run("stat page-*")
		return asked.take()["LOOKUP"] > 0
	})
}
