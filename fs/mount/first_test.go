//go:build linux

package mount

import (
	"maps"
	"testing"

	"github.com/codafs/codafs/fs"
)

// The first walk over files whose content is at hand: each name is looked up once, and each file, all of
// which is in one page of memory, is read once. Whatever comes after that, the kernel has.
func TestAFirstWalkAsksOnceForEachFile(t *testing.T) {
	const files = 100
	root, folders := docTree(map[string][]fs.Node{"d1": knownFiles(files, "d1")})
	dir, s, asked := countedMount(t, root, Options{Notified: true})
	sh := newShell(t, join(dir, "docs", folders["d1"].name))
	sh.run("true") // what the shell itself needs
	asked.take()
	for _, c := range []struct {
		command string
		want    map[string]int
		folders int // how often the folder is opened, where that is told
	}{
		// The first answer has all names; the second says that there are no more.
		{"ls -U | wc -l", map[string]int{"OPENDIR": 1, "READDIRPLUS": 1, "READDIR": 1}, 0},
		{"find . -ls | wc -l", map[string]int{"LOOKUP": files}, 2},
		{"grep -r nothing .", map[string]int{"READ": files}, 2},
		{"tar cf - . | wc -c", map[string]int{}, 1},
	} {
		var got map[string]int
		for range 3 {
			sh.run(c.command)
			got = besideOpens(asked.take(), s.silent, files, c.folders, c.want["READ"] > 0)
			// A kernel that is short of memory lets go of a page now and then, and reads it again: one, and not each time.
			if len(c.want) > 0 || !maps.Equal(got, map[string]int{"READ": 1}) {
				break
			}
		}
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: asked %v, want %v", c.command, got, c.want)
		}
	}
}

// besideOpens leaves out the opens that a mount of this kind is asked for.
func besideOpens(got map[string]int, silent bool, files, folders int, reads bool) map[string]int {
	if silent {
		// The first OPEN is answered with ENOSYS, and so is the FLUSH of a file that had to be opened for it.
		for _, once := range []string{"OPEN", "FLUSH"} {
			if got[once] == 1 && reads {
				delete(got, once)
			}
		}
		return got
	}
	maps.DeleteFunc(got, func(op string, n int) bool {
		return op == "OPEN" && n == files || op == "OPENDIR" && n == folders
	})
	return got
}

// A READ of 128 KiB of what is at hand copies it into the buffer that came with it, and allocates no more than
// what says so: at the speed of a disk there are thousands a second.
func TestAReadAllocatesNextToNothing(t *testing.T) {
	f := newFile("a.md", sample(1<<20)).ready()
	_, s := mountServer(t, newDir("", f), Options{})
	n := newFileNode(s, f, f.now)
	h, err := n.fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.contents.put(h)
	dest := make([]byte, 128<<10)
	got := testing.AllocsPerRun(200, func() {
		if _, errno := n.Read(t.Context(), nil, dest, 4096); errno != 0 {
			t.Error(errno)
		}
	})
	if got > 2 {
		t.Errorf("%.0f allocations a read, want 2 at most", got)
	}
}
