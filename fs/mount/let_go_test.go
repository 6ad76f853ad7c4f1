//go:build linux

package mount

import (
	"testing"

	"github.com/codafs/codafs/fs"
)

// holding counts the files below n that the server knows, and those of which it holds what the tree says.
func holding(n *dirNode) (files, held int) {
	for _, child := range n.Children() {
		switch c := child.Operations().(type) {
		case *dirNode:
			f, h := holding(c)
			files, held = files+f, held+h
		case *fileNode:
			files++
			if c.held.Load() != nil {
				held++
			}
		}
	}
	return files, held
}

// Of files that were only looked at, and whose bytes are not at hand, next to nothing is held. Whoever opens one gets its
// bytes, or those of the version that its name has by then, or learns that it is gone.
func TestWhatWasOnlyLookedAtIsNotHeld(t *testing.T) {
	same, moved, gone := newFile("same.md", []byte("same\n")), newFile("moved.md", []byte("old\n")), newFile("gone.md", []byte("gone\n"))
	ready := newFile("ready.md", []byte("ready\n")).ready()
	evicted := newFile("evicted.md", []byte("evicted\n")).knowSize()
	root, folders := docTree(map[string][]fs.Node{"d1": {same, moved, gone, ready, evicted}})
	dir, s := mountServer(t, root, Options{Notified: true})
	sh := newShell(t, join(dir, "docs", folders["d1"].name))
	sh.run("ls -l; ls -l")
	want := 1 // that which is at hand may be opened without a message
	if !s.silent {
		want = 2 // of one whose size is known, attributes are kept
	}
	if files, held := holding(s.root); files != 5 || held != want {
		t.Errorf("of %d files %d are held, want %d of 5", files, held, want)
	}
	moved.publish("v2", []byte("newer\n")) // and nobody was notified
	folders["d1"].set(same, moved, ready, evicted)
	if got := sh.run("cat same.md moved.md ready.md evicted.md; cat gone.md 2>/dev/null || echo none"); got != "same\nnewer\nready\nevicted\nnone\n" {
		t.Errorf("read %q", got)
	}
	sh.run("ls -l")
	if files, held := holding(s.root); files != 4 || held != 4 {
		t.Errorf("of %d files %d are held after they were read, want 4 of 4", files, held)
	}
}

// A program has a file open that another one looks at, after its content was evicted: the open file stays what it was.
func TestAnOpenFileIsHeldWhateverOthersLookAt(t *testing.T) {
	file := newFile("a.md", sample(500_000))
	root, folders := docTree(map[string][]fs.Node{"d1": {file}})
	bell := hangBell(root)
	dir, s := mountServer(t, root, Options{Notified: true})
	bell.start(t, dir, s)
	doc := folders["d1"]
	sh := newShell(t, join(dir, "docs", doc.name))
	if got := sh.run("ls -l >/dev/null; exec 3<a.md; head -c 7 <&3"); got != "line 0\n" {
		t.Fatalf("it begins with %q", got)
	}
	file.publish("v2", []byte("new\n"))
	doc.set(file)
	bell.after("d1")
	if got := sh.run("ls -l >/dev/null; cat a.md"); got != "new\n" {
		t.Errorf("the name has %q", got)
	}
	doc.set()
	bell.after("d1")
	if got := sh.run("ls; cat <&3 | wc -c"); got != "499993\n" {
		t.Errorf("of the open file %s bytes are left, want 499993", got)
	}
}
