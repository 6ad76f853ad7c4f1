//go:build linux

package mount

import (
	"testing"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount/caller"
)

// The walks of every day over files that were fetched cost no message at all.
func TestWalksOverWhatWasReadAskNothing(t *testing.T) {
	root, folders := docTree(map[string][]fs.Node{"d1": knownFiles(500, "d1")})
	dir, s, asked := countedMount(t, root, Options{Notified: true})
	sh := newShell(t, join(dir, "docs", folders["d1"].name))
	for _, command := range []string{"cat * | wc -c", "grep -r nothing .", "tar cf - . | wc -c", "find -ls | wc -l", "git diff --no-index --stat . . | wc -l"} {
		sh.run(command)
		var got map[string]int
		for range 3 { // if the machine is short of memory, the kernel may drop pages at any time
			asked.take()
			sh.run(command)
			got = asked.take()
			if !s.silent {
				delete(got, "OPEN")
				delete(got, "OPENDIR")
			}
			if len(got) == 0 {
				break
			}
		}
		if len(got) > 0 {
			t.Errorf("%s: asked %v", command, got)
		}
	}
}

// Where nobody may see what programs are doing, a mount is silent only if nothing has to be fetched when a file
// is opened.
func TestSilenceNeedsEyesOrNothingToFetch(t *testing.T) {
	for _, c := range []struct {
		o      Options
		silent bool
	}{
		{Options{blind: true}, false},
		{Options{blind: true, Offline: true}, true},
		{Options{Sizes: Estimate}, false},
		{Options{Sizes: Estimate, Offline: true}, false},
		{Options{Sizes: Exact}, !*blind && caller.SeesCalls(false)},
	} {
		there, gone := newFile("there.md", sample(5000)).ready(), newFile("gone.md", sample(5000)).failing(fs.ErrStale)
		dir, s := mountServer(t, newDir("", there, gone), c.o)
		if s.silent != c.silent {
			t.Errorf("%+v: silent is %v", c.o, s.silent)
		}
		if got := output(t, "cat", join(dir, "there.md")); got != string(sample(5000)) {
			t.Errorf("%+v: %d bytes", c.o, len(got))
		}
		if c.o.Sizes != Exact {
			output(t, "ls", "-l", dir)
		}
		fails(t, "cat", join(dir, "gone.md"))
	}
}

// Who cannot be seen (a program in another container has no pid here) may be opening the file, so what is not at hand
// is fetched before it is told the size.
func TestUnseenCallersFetchWhatIsNotAtHand(t *testing.T) {
	for _, c := range []struct {
		what    string
		file    *fakeFile
		offline bool
		want    string
	}{
		{"known, evicted", newFile("a.md", nil).knowSize(), false, "open"},
		{"known, at hand", newFile("a.md", nil).ready(), false, ""},
		{"known, evicted, offline", newFile("a.md", nil).knowSize(), true, ""},
		{"unknown", newFile("a.md", nil), false, "getattr"},
	} {
		s := newServer("", Options{Offline: c.offline})
		s.silent = true
		version, err := c.file.Version(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := newFileNode(s, c.file, version).mustFetch(t.Context(), &held{c.file, version}); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
