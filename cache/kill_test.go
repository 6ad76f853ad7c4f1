package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
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

// killPieces is how many pieces of 8 KiB a content of the process to be killed has: some are held in
// memory, some are served from their file, some take more than one write of any buffer.
func killPieces(key int) int { return []int{1, 20, 8, 160}[key%4] }

func killPiece(key int) string { return strings.Repeat(fmt.Sprintf("%07d\n", key), 1024) }

func killContent(key int) string { return strings.Repeat(killPiece(key), killPieces(key)) }

// fillForEver fills one content after the other, and writes a byte after each piece.
func fillForEver(dir string) {
	d, err := OpenDisk(dir, Options{})
	if err != nil {
		panic(err)
	}
	for key := 0; ; key++ {
		c, err := d.Get(context.Background(), fmt.Sprint(key), func(_ context.Context, w io.Writer) error {
			for range killPieces(key) {
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

// killPoint is when the process is killed: so long after it wrote so many pieces.
type killPoint struct {
	pieces int
	later  time.Duration
}

// killPoints are the ends of contents and random ones.
func killPoints() (points []killPoint) {
	for _, pieces := range []int{1, 2, 20, 21, 22, 29, 30, 188, 189, 190} {
		points = append(points, killPoint{pieces: pieces})
	}
	rng, n := rand.New(rand.NewPCG(4, 9)), 16
	if os.Getenv("CODAFS_SOAK") == "1" {
		n = 200
	}
	for len(points) < n {
		points = append(points, killPoint{1 + rng.IntN(400), time.Duration(rng.IntN(2000)) * time.Microsecond})
	}
	return points
}

// killAt runs fillForEver and kills it at a point.
func killAt(t *testing.T, dir string, at killPoint) {
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
	_, err = io.CopyN(io.Discard, out, int64(at.pieces))
	time.Sleep(at.later) // to hit it anywhere, not to wait for anything
	if err := errors.Join(err, cmd.Process.Kill()); err != nil {
		t.Error(err)
	}
	if cmd.Wait() == nil {
		t.Error("it was not killed")
	}
}

func TestKilledProcessLeavesAGoodCache(t *testing.T) {
	for _, at := range killPoints() {
		t.Run(fmt.Sprintf("%d pieces and %v", at.pieces, at.later), func(t *testing.T) {
			dir := t.TempDir()
			killAt(t, dir, at)
			d := openDisk(t, dir, Options{})
			for key, begun := 0, 0; begun <= at.pieces; key++ {
				begun += killPieces(key)
				checkKilled(t, d, key, begun < at.pieces) // a piece of the next one came: this one is whole
			}
			if got := d.damaged.Load(); got != 0 {
				t.Errorf("%d damaged files", got)
			}
			trimAllTemps(t, d)
		})
	}
}

// checkKilled checks one content of a killed process.
func checkKilled(t *testing.T, d *Disk, key int, whole bool) {
	t.Helper()
	want, n := killContent(key), 0
	c, found := d.Lookup(t.Context(), fmt.Sprint(key))
	if found && read(t, c, nil) != want {
		t.Errorf("wrong bytes of %d", key)
	}
	if whole && !found {
		t.Errorf("content %d is lost", key)
	}
	c, err := d.Get(t.Context(), fmt.Sprint(key), text(want, &n))
	if read(t, c, err) != want {
		t.Errorf("wrong bytes of %d later", key)
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
