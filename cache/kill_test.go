package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// killDir names the cache folder to a process that is started to be killed.
const killDir = "CODAFS_CACHE_TEST_KILL"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		fillForEver(dir)
	}
	os.Exit(m.Run())
}

// A content of the process to be killed has so many pieces of 8 KiB.
const killPieces = 20

func killPiece(key int) string { return strings.Repeat(fmt.Sprintf("%07d\n", key), 1024) }

// fillForEver fills one content after the other, and writes a byte after each piece.
func fillForEver(dir string) {
	d, err := OpenDisk(dir, Options{})
	if err != nil {
		panic(err)
	}
	for key := 0; ; key++ {
		c, err := d.Get(context.Background(), fmt.Sprint(key), func(_ context.Context, w io.Writer) error {
			for range killPieces {
				if _, err := io.WriteString(w, killPiece(key)); err != nil {
					return err
				}
				os.Stdout.Write([]byte{'.'})
			}
			return nil
		})
		if err != nil {
			panic(err)
		}
		c.Close()
	}
}

// killAfter runs fillForEver and kills it when it has written so many pieces.
func killAfter(t *testing.T, dir string, pieces int64) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), killDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, err = io.CopyN(io.Discard, out, pieces)
	if err := errors.Join(err, cmd.Process.Kill()); err != nil {
		t.Error(err)
	}
	if cmd.Wait() == nil {
		t.Error("it was not killed")
	}
}

func TestKilledProcessLeavesAGoodCache(t *testing.T) {
	for _, pieces := range []int64{1, 2, 7, 8, 9, 19, 20, 21, 39, 40, 41, 57} {
		dir, n := t.TempDir(), 0
		killAfter(t, dir, pieces)
		d := openDisk(t, dir, Options{})
		for key := range int(pieces)/killPieces + 2 {
			want := strings.Repeat(killPiece(key), killPieces)
			c, found := d.Lookup(t.Context(), fmt.Sprint(key))
			if found && read(t, c, nil) != want {
				t.Errorf("killed at piece %d: wrong bytes of %d", pieces, key)
			}
			// A piece of the next content came: then this one is whole.
			if whole := int64(key+1)*killPieces < pieces; whole && !found {
				t.Errorf("killed at piece %d: content %d is lost", pieces, key)
			}
			c, err := d.Get(t.Context(), fmt.Sprint(key), text(want, &n))
			if read(t, c, err) != want {
				t.Errorf("killed at piece %d: wrong bytes of %d later", pieces, key)
			}
		}
		if got := d.damaged.Load(); got != 0 {
			t.Errorf("killed at piece %d: %d damaged files", pieces, got)
		}
		trimAllTemps(t, d)
	}
}

// trimAllTemps makes what the killed process left look old, and has it removed.
func trimAllTemps(t *testing.T, d *Disk) {
	t.Helper()
	stamp := time.Now().Add(-2 * tempLife)
	for _, path := range temps(t, d.dir) {
		if err := os.Chtimes(path, stamp, stamp); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := temps(t, d.dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
