//go:build linux

package mount

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Whoever opens a file that nobody has fetched has all of it and no more, also while others keep asking for its
// size and are told estimates: those must not be what the kernel goes by in the end.
func TestRacingReadersOfAnUnfetchedFileBesideListings(t *testing.T) {
	rounds := 4
	if os.Getenv("CODAFS_SOAK") != "" {
		rounds = 100
	}
	readers := []string{
		`busybox cat < "$1"`, `busybox cat "$1"`, `cat < "$1"`, `cat "$1"`, `v=$(<"$1"); printf "%s\n" "$v"`,
		`dd if="$1" bs=64k status=none`, `tail -c +1 < "$1"`,
		`python3 -c 'import mmap, os, sys; sys.stdout.buffer.write(mmap.mmap(0, os.fstat(0).st_size, prot=mmap.PROT_READ))' < "$1"`,
		`python3 -c 'import os, sys; sys.stdout.buffer.write(os.read(os.open(sys.argv[1], 0), os.stat(sys.argv[1]).st_size))' "$1"`,
		`python3 -c 'import os, sys
while os.sendfile(1, 0, None, 1 << 20): pass' < "$1" | cat`,
	}
	tool(t, "busybox")
	root := newDir("")
	dir := mountTree(t, root, Options{Notified: true})
	for round := range rounds {
		size := []int{5000, 300_000}[round%2]
		file := newFile(fmt.Sprint("round-", round, ".md"), append(sample(size-1), '\n')).estimating(int64(size) + 1<<20)
		file.fetch = 30 * time.Millisecond
		if round%4 > 1 {
			file.knowSize()
		}
		root.set(file)
		path := join(dir, file.name)
		// What it is called decides what it is told.
		looker := exec.CommandContext(t.Context(), renamed(t, "python3", "ls"), "-c", "import os, sys\nwhile True: os.stat(sys.argv[1])", path)
		if err := looker.Start(); err != nil {
			t.Fatal(err)
		}
		var results []func() (string, error)
		for _, command := range readers {
			results = append(results, start(t, tool(t, "bash", "-c", command, "-", path)))
		}
		for i, result := range results {
			if out, err := result(); err != nil || !bytes.Equal([]byte(out), file.data["v1"]) {
				t.Errorf("round %d, %s: %d bytes, want %d, %d of them zero; %v", round, readers[i], len(out), size, strings.Count(out, "\x00"), err)
			}
		}
		_ = looker.Process.Kill()
		_ = looker.Wait()
	}
}
