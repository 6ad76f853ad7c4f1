package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/snapshot"
)

// A terminal is redrawn at most 10 times a second, a log gets a line a minute, without escapes.
func TestProgressIsShownNoOftenerThanReadersCanRead(t *testing.T) {
	for name, c := range map[string]struct {
		redraw bool
		most   int
		each   string
	}{"terminal": {true, 3000, "\r\x1b[K"}, "log": {false, 5, "\n"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				p := newProgress(streams{err: &out}, false, nil)
				p.redraw = c.redraw
				p.Listed(snapshot.Plan{Docs: 1, Files: 30_000})
				for range 30_000 { // five minutes
					time.Sleep(10 * time.Millisecond)
					p.Copied(snapshot.File{Size: 1}, snapshot.Estimate{})
				}
				if n := strings.Count(out.String(), c.each); n > c.most || n < c.most*9/10 {
					t.Errorf("shown %d times in five minutes, want about %d", n, c.most)
				}
				if !c.redraw && strings.ContainsRune(out.String(), '\x1b') {
					t.Error("a log has escapes")
				}
			})
		})
	}
}

func TestQuietShowsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := newProgress(streams{err: &out}, true, nil)
		time.Sleep(time.Hour)
		p.Copied(snapshot.File{}, snapshot.Estimate{})
		p.end()
		if out.Len() > 0 {
			t.Errorf("said %q", out.String())
		}
	})
}
