//go:build linux

package mount

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/codafs/codafs/fs"
)

// The workspace of these tests: forgetDocs docs of forgetFiles files each.
const (
	forgetDocs, forgetFiles = 15, 12
	fewKnown                = 60
)

// inOneKind is inBothKinds in a soak, and else with one of them by chance.
func inOneKind(t *testing.T, test func(t *testing.T, o Options)) {
	if os.Getenv("CODAFS_SOAK") != "" {
		inBothKinds(t, test)
		return
	}
	noPrune := rand.IntN(2) == 0
	t.Log("by name: ", noPrune)
	test(t, Options{Notified: true, maxKnown: fewKnown, noPrune: noPrune})
}

// inBothKinds runs a test with the kernel's own way to forget inodes, and with that of kernels before 6.18.
func inBothKinds(t *testing.T, test func(t *testing.T, o Options)) {
	for _, noPrune := range []bool{false, true} {
		t.Run(fmt.Sprint("by name ", noPrune), func(t *testing.T) {
			test(t, Options{Notified: true, maxKnown: fewKnown, noPrune: noPrune})
		})
	}
}

// manyDocs has files of some hundred bytes, each with another text.
func manyDocs() *fakeDir {
	docs := map[string][]fs.Node{}
	for d := range forgetDocs {
		id := fmt.Sprintf("d%02d", d)
		sub := newDir("sub-" + id)
		sub.obj.DocID = id
		for i := range forgetFiles {
			f := newFile(fmt.Sprintf("page-%02d.md", i), versionText(d, i))
			f.obj.DocID, f.obj.ID = id, fmt.Sprint(id, i)
			if i%3 == 0 {
				sub.entries = append(sub.entries, f)
			} else {
				docs[id] = append(docs[id], f)
			}
		}
		docs[id] = append(docs[id], sub)
	}
	root, _ := docTree(docs)
	return root
}

// walk looks at all names, so that the kernel has to forget others, and waits until it has.
func walk(t *testing.T, dir string, s *Server) {
	t.Helper()
	for range 2 {
		output(t, "sh", "-c", `ls -lR "$1" >/dev/null`, "-", dir)
	}
	folders := 0
	if !s.prunes {
		folders = 2*forgetDocs + 1 // they stay
	}
	eventually(t, "the kernel forgets", func() bool { return s.known.len() <= fewKnown+folders+fewKnown/8 })
}

func (k *known) len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.count
}

// alive is how many nodes go-fuse has below n.
func alive(n *dirNode) (nodes int) {
	for _, child := range n.Children() {
		nodes++
		if d, ok := child.Operations().(*dirNode); ok {
			nodes += alive(d)
		}
	}
	return nodes
}

func TestTheKernelForgetsWhatWasLookedUpLongestAgo(t *testing.T) {
	inBothKinds(t, func(t *testing.T, o Options) {
		dir, s := mountServer(t, manyDocs(), o)
		const inodes = `cd "$1" && find docs -exec stat -c '%i %n' {} + | sort`
		first := output(t, "sh", "-c", inodes, "-", dir)
		if n := strings.Count(first, "\n"); n != forgetDocs*(forgetFiles+2)+1 {
			t.Fatalf("%d names", n)
		}
		walk(t, dir, s)
		if nodes, known := alive(s.root), s.known.len(); nodes > known {
			t.Errorf("%d nodes, of which %d are known", nodes, known)
		}
		if again := output(t, "sh", "-c", inodes, "-", dir); again != first {
			t.Error("names or inode numbers are others after the kernel has forgotten them")
		}
		walk(t, dir, s)
	})
}

// Copies are right while the kernel forgets what is being copied, and the next one finds nothing new.
func TestCopiesAreRightWhileTheKernelForgets(t *testing.T) {
	whole := mountTree(t, manyDocs(), Options{Notified: true})
	want := output(t, "sh", "-c", `cd "$1/docs" && find . -type f | sort | xargs sha256sum`, "-", whole)
	for name, copying := range map[string]string{
		"cp":    `cp -r "$1" "$2/a" && cp -r "$1" "$2/b" && diff -r "$2/a" "$2/b"`,
		"tar":   `mkdir "$2/a" && tar cf - -C "$1" . | tar xf - -C "$2/a"`,
		"rsync": `rsync -a "$1/" "$2/a" && test -z "$(rsync -ai "$1/" "$2/a")"`,
		"git":   `export GIT_DIR="$2/git" && git init -q && git --work-tree="$1" add . && git --work-tree="$1" diff --exit-code && mkdir "$2/a" && git --work-tree="$2/a" checkout-index -a`,
		"grep":  `mkdir "$2/a" && cd "$1" && grep -r "" . >/dev/null && cp -r . "$2/a"`,
	} {
		t.Run(name, func(t *testing.T) {
			inOneKind(t, func(t *testing.T, o Options) {
				tool(t, strings.Fields(name)[0])
				dir, s := mountServer(t, manyDocs(), o)
				to := scratch(t)
				stop, walks := make(chan struct{}), make(chan error)
				go func() { walks <- keepWalking(dir, stop) }()
				output(t, "sh", "-c", copying, "-", join(dir, "docs"), to)
				close(stop)
				if err := <-walks; err != nil {
					t.Error(err)
				}
				if got := output(t, "sh", "-c", `cd "$1/a" && find . -type f | sort | xargs sha256sum`, "-", to); got != want {
					t.Errorf("the copy differs:\n%s", got)
				}
				walk(t, dir, s)
			})
		})
	}
}

// keepWalking walks until stop.
func keepWalking(dir string, stop <-chan struct{}) error {
	for {
		select {
		case <-stop:
			return nil
		default:
			if out, err := exec.Command("find", dir, "-ls").CombinedOutput(); err != nil {
				return fmt.Errorf("find: %w: %s", err, out)
			}
		}
	}
}

// What a program has open, mapped, or stands in, it goes on with.
func TestWhatIsInUseSurvivesTheForgetting(t *testing.T) {
	inBothKinds(t, func(t *testing.T, o Options) {
		text := sample(700_000)
		open, mapped := newFile("open.md", text), newFile("mapped.md", text)
		deep := newDir("deep", newFile("beside.md", []byte("beside\n")))
		root := manyDocs()
		used := newDir("used", open, mapped, deep)
		used.obj.DocID, deep.obj.DocID = open.obj.DocID, open.obj.DocID
		root.entries = append(root.entries, used)
		dir, s := mountServer(t, root, o)
		sh := newShell(t, join(dir, "used", "deep"))
		if got := sh.run("exec 3<../open.md; head -c 6 <&3; echo"); got != "line 0\n" {
			t.Fatalf("it begins with %q", got)
		}
		before := sh.run("stat -L -c '%i %s' /dev/fd/3 . ..")
		python := tool(t, "python3", "-c", `
import mmap, os, sys
f = open(sys.argv[1])
m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
f.close()
print("mapped", flush=True)
sys.stdin.readline()
sys.stdout.buffer.write(m[:])
`, join(dir, "used", "mapped.md"))
		in, err := python.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := python.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := python.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(out, make([]byte, len("mapped\n"))); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			walk(t, join(dir, "docs"), s)
		}
		// The file has another version, and the old one can only be had where it is open.
		open.publish("v2", []byte("new\n"))
		s.Changed(open.obj.DocID)
		if got := sh.run("pwd -P; /bin/pwd; ls; cat beside.md"); got != strings.Repeat(join(dir, "used", "deep")+"\n", 2)+"beside.md\nbeside\n" {
			t.Errorf("the shell that stands in a folder sees %q", got)
		}
		if got := sh.run("stat -L -c '%i %s' /dev/fd/3 . .."); got != before {
			t.Errorf("what is open was %s and is %s", before, got)
		}
		if got := sh.run("cat <&3 | sha256sum"); got != fmt.Sprintf("%x  -\n", sha256.Sum256(text[6:])) {
			t.Errorf("the open file has other bytes after the forgetting: %s", got)
		}
		fmt.Fprintln(in)
		if got, err := io.ReadAll(out); err != nil || string(got) != string(text) {
			t.Errorf("the mapped file has %d other bytes, %v", len(got), err)
		}
		if err := python.Wait(); err != nil {
			t.Error(err)
		}
		sh.run("exec 3<&-; cd /")
		walk(t, dir, s)
	})
}

// A folder in which a name is known to be missing is forgotten too, and missing names are few in all.
func TestMissingNamesKeepNoFolder(t *testing.T) {
	dir, s := mountServer(t, manyDocs(), Options{Notified: true, maxKnown: fewKnown})
	if !s.prunes {
		t.Skip("this kernel cannot be told to forget folders")
	}
	output(t, "sh", "-c", `cd "$1/docs" && for d in *; do test -e $d/.git; test -e $d/sub-*/.git; done; true`, "-", dir)
	if got := s.missing.Load(); got == 0 {
		t.Error("no missing name is recorded")
	}
	walk(t, dir, s)
	walk(t, dir, s)
	eventually(t, "few missing names", func() bool {
		walk(t, dir, s)
		return s.missing.Load() <= fewKnown
	})
	if got := output(t, "sh", "-c", `cd "$1/docs" && for d in *; do test -e $d/.git && echo there; done; true`, "-", dir); got != "" {
		t.Errorf("missing names are there: %s", got)
	}
}

// Listings that nobody has read for long are dropped, and whoever goes on in one reads each name once.
func TestListingsAreFewInAll(t *testing.T) {
	dir, s := mountServer(t, manyDocs(), Options{Notified: true})
	output(t, "ls", "-R", dir)
	s.listings.mu.Lock()
	defer s.listings.mu.Unlock()
	if n := len(s.listings.last); n == 0 || n > maxAllListings {
		t.Errorf("%d listings are kept", n)
	}
	var l listings
	for i := range 3 * maxAllListings {
		l.add(&listing{of: new(dirNode), serial: uint64(i)})
	}
	if len(l.last) != maxAllListings || l.last[0].serial != 3*maxAllListings-1 {
		t.Errorf("%d listings are kept", len(l.last))
	}
	one := new(dirNode)
	for i := range 100 {
		l.add(&listing{of: one, serial: uint64(i), nodes: knownFiles(i, "d1")})
	}
	n := 0
	for _, kept := range l.last {
		if kept.of == one {
			n++
		}
	}
	if n != maxListings {
		t.Errorf("%d listings of one folder are kept, want %d", n, maxListings)
	}
}
