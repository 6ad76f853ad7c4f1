//go:build linux

package mount

import (
	"fmt"
	"testing"

	"github.com/codafs/codafs/fs"
)

// A change while a lookup is under way: what it was answered may be old, so the kernel must not keep it.
func TestLookupUnderWayDuringAChangeIsNotKept(t *testing.T) {
	for _, there := range []bool{false, true} {
		t.Run(fmt.Sprint("there before ", there), func(t *testing.T) {
			old, fresh := newFile("a.md", []byte("old\n")).knowSize(), newFile("a.md", []byte("new\n")).knowSize()
			fresh.obj.ID = "another"
			root, folders := docTree(map[string][]fs.Node{"d1": nil})
			doc := folders["d1"]
			if there {
				doc.set(old)
			}
			dir, s, _ := countedMount(t, root, Options{Notified: true})
			path := join(dir, "docs", doc.name, "a.md")
			asked, answer := doc.holdLookups()
			result := start(t, tool(t, "cat", path))
			<-asked
			doc.set(fresh)
			s.Changed("d1")
			close(answer)
			result()
			if got := output(t, "cat", path); got != "new\n" {
				t.Errorf("afterwards it holds %q", got)
			}
		})
	}
}

// On a busy machine an answer may reach the kernel after it was told of the change that made it old.
func TestAnswerThatComesAfterTheTellingIsNotKept(t *testing.T) {
	file := newFile("a.md", []byte("old\n")).ready()
	root, folders := docTree(map[string][]fs.Node{"d1": {file}})
	bell := hangBell(root)
	dir, s, asked := countedMount(t, root, Options{Notified: true})
	bell.start(t, dir, s)
	path := join(dir, "docs", folders["d1"].name, "a.md")
	computed, send := make(chan struct{}, 10), make(chan struct{})
	hold := func(name string) {
		if name == file.name {
			computed <- struct{}{}
			<-send
		}
	}
	output(t, "cat", path)
	bell.after("d1") // so that the name is looked up once more; the kernel holds no folder for that
	asked.answered.Store(&hold)
	result := start(t, tool(t, "stat", "-c", "%s", path))
	<-computed
	file.publish("v2", []byte("much newer\n"))
	s.Changed("d1")
	bell.after("d1") // the kernel was told
	close(send)
	result()
	eventually(t, "the new version", func() bool { return output(t, "cat", path) == "much newer\n" })
}

// Of two lookups of a name the one that is answered first may reach the kernel last, and the other way round. What the kernel
// then forgets is the other version: it still has the name.
func TestANameWhoseLookupsOvertookEachOtherIsNotLost(t *testing.T) {
	version := func(n int) *fakeFile {
		f := newFile("a.md", nil)
		f.publish(fmt.Sprint("v", n), fmt.Appendf(nil, "version %d\n", n))
		return f.ready()
	}
	root, folders := docTree(map[string][]fs.Node{"d1": {version(1)}})
	doc := folders["d1"]
	bell := hangBell(root)
	dir, s, _ := countedMount(t, root, Options{Notified: true})
	bell.start(t, dir, s)
	path := join(dir, "docs", doc.name, "a.md")
	output(t, "cat", path)
	bell.after("d1")
	asked, answer := doc.holdLookups()
	late := start(t, tool(t, "stat", path)) // asks with the name that the kernel has
	<-asked
	doc.passLookups()
	doc.set(version(2))
	s.Changed("d1")
	bell.after("d1")
	if got := output(t, "cat", path); got != "version 2\n" {
		t.Fatalf("after the first change: %q", got)
	}
	close(answer)
	late() // the kernel drops version 1
	doc.set(version(3))
	s.Changed("d1")
	eventually(t, "the third version", func() bool { return output(t, "cat", path) == "version 3\n" })
}
