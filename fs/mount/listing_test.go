//go:build linux

package mount

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/fs"
)

// Whoever is in the middle of a folder reads each name that stays exactly once, however many others read it
// meanwhile, and whatever comes and goes.
func TestManyReadersOfAFolderThatChangesMissNothing(t *testing.T) {
	const files, readers = 2000, 6
	nodes := knownFiles(files, "d1")
	root, folders := docTree(map[string][]fs.Node{"d1": nodes})
	doc, bell := folders["d1"], hangBell(root)
	dir, s := mountServer(t, root, Options{Notified: true})
	bell.start(t, dir, s)
	path := join(dir, "docs", doc.name)
	var steps []func()
	var ends []func() []string
	for range readers {
		next, end := slowReader(t, path)
		steps, ends = append(steps, next), append(ends, end)
	}
	for i, step := range steps {
		step() // the first names are read
		doc.set(slices.Concat([]fs.Node{newFile(fmt.Sprint("0-", i, ".md"), nil)}, nodes)...)
		bell.after("d1")
	}
	for i, end := range ends {
		seen := map[string]int{}
		for _, name := range end() {
			seen[name]++
		}
		for _, n := range nodes {
			if seen[n.Name()] != 1 {
				t.Errorf("reader %d of %d saw %s %d times", i, readers, n.Name(), seen[n.Name()])
				break
			}
		}
	}
}

// slowReader starts a program that reads a few names of a folder at next, and all others at end.
func slowReader(t *testing.T, path string) (next func(), end func() []string) {
	t.Helper()
	cmd := tool(t, "python3", "-c", `
import os, sys
sys.stdin.readline()
entries = os.scandir(sys.argv[1])
names = [next(entries).name]
print("read", flush=True)
sys.stdin.readline()
names += [e.name for e in entries]
print(" ".join(names))
`, path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	lines := lineReader(t, cmd)
	return func() { fmt.Fprintln(in); lines() }, func() []string {
		fmt.Fprintln(in)
		names := strings.Fields(lines())
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		return names
	}
}

// A folder that was listed before a change, and answered after the kernel was told, is listed anew the next time.
func TestListingUnderWayDuringAChangeIsNotKept(t *testing.T) {
	a, b := newFile("a.md", nil), newFile("b.md", nil)
	root, folders := docTree(map[string][]fs.Node{"d1": {a}})
	doc, bell := folders["d1"], hangBell(root)
	dir, s := mountServer(t, root, Options{Notified: true})
	bell.start(t, dir, s)
	path := join(dir, "docs", doc.name)
	output(t, "stat", path)
	asked, answer := doc.holdLists()
	result := start(t, tool(t, "ls", path))
	<-asked
	doc.set(a, b)
	bell.after("d1")
	close(answer)
	if got, err := result(); err != nil || got != "a.md\n" {
		t.Errorf("ls printed %q, %v", got, err)
	}
	eventually(t, "ls shows both", func() bool { return output(t, "ls", path) == "a.md\nb.md\n" })
}
