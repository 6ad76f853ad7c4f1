//go:build linux

package mount

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
)

// restlessFile is a file that somebody edits each time when it was opened, as often as is left.
type restlessFile struct {
	*agingFile
	unstamped   bool
	left, edits atomic.Int64
}

func (f *restlessFile) edit() {
	if n := f.edits.Add(1); f.unstamped {
		f.publishComputed(n)
	} else {
		f.publish(fmt.Sprint("v", n), fmt.Appendf(nil, "version %d\n", n))
	}
}

func (f *restlessFile) Open(ctx context.Context, v fs.Version) (fs.Content, error) {
	c, err := f.agingFile.Open(ctx, v)
	if err == nil && f.left.Add(-1) >= 0 {
		f.edit()
	}
	return c, err
}

// A file whose size is not known may change between the ESTALE that an open is told and the lookup after it. The kernel
// looks up just once.
func TestOpenOfAFileThatChangesAgainAndAgain(t *testing.T) {
	for name, c := range map[string]struct {
		unstamped bool
		before    func(f *restlessFile, path string)
		first     string // what who opens it reads; the next reads what is there by then
	}{
		"of unknown size": {false, func(*restlessFile, string) {}, "version 1\n"},
		"superseded": {false, func(f *restlessFile, path string) {
			output(t, "cat", path)
			f.edit()
			f.forget("v1")
		}, "version 2\n"},
		"unstamped": {true, func(f *restlessFile, path string) {
			output(t, "cat", path)
			f.edit()
		}, "version 2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &restlessFile{agingFile: newAging("tasks.md"), unstamped: c.unstamped}
			f.forget("v1")
			f.edit()
			dir := mountTree(t, newDir("", f), Options{Notified: true, blind: true})
			path := join(dir, "tasks.md")
			output(t, "ls", "-l", path) // is told an estimate
			c.before(f, path)
			f.left.Store(2)
			// A shell only looks, and opens the file.
			if got := output(t, "bash", "-c", `cat < "$1"`, "-", path); got != c.first {
				t.Errorf("read %q, want %q", got, c.first)
			}
			f.left.Store(0)
			// The kernel was not told of the edits, and has kept no name for what was promised.
			if got, want := output(t, "cat", path), fmt.Sprintf("version %d\n", f.edits.Load()); got != want {
				t.Errorf("the next reads %q, want %q", got, want)
			}
		})
	}
}

func TestPromisesAreForOneCallAndAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p promises
		f, other := newFile("a.md", nil), newFile("b.md", nil)
		id := inode(f, "")
		v := fs.Version{Key: "v1"}
		call := func(thread uint32) context.Context {
			return fuse.NewContext(t.Context(), &fuse.Caller{Pid: thread})
		}
		p.give(call(1), id, v)
		p.give(call(1), inode(other, ""), fs.Version{Key: "made anew", Volatile: true})
		for thread := range uint32(3) {
			if p.has(call(thread), &held{f, v}) != (thread == 1) || p.has(call(thread), &held{other, fs.Version{Key: "made anew"}}) {
				t.Errorf("thread %d: %+v", thread, p.of)
			}
		}
		p.end(call(2), id)
		if !p.has(call(1), &held{f, v}) || p.has(call(1), &held{f, fs.Version{Key: "v2"}}) {
			t.Errorf("once another call ended: %+v", p.of)
		}
		p.end(call(1), id)
		if p.has(call(1), &held{f, v}) {
			t.Error("a promise was kept, and holds still")
		}
		p.give(call(1), id, v)
		time.Sleep(promiseLife)
		if p.has(call(1), &held{f, v}) {
			t.Error("a promise is good for ever")
		}
		time.Sleep(time.Nanosecond)
		if p.give(call(2), id, v); len(p.of) != 1 {
			t.Errorf("promises that nobody makes use of are kept: %+v", p.of)
		}
	})
}
