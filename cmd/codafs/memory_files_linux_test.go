package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
)

// Files of a doc go through a backup without being in memory: 2 GiB of them, one of which has 1 GiB; a sample of that unless in a soak.
func TestFilesTakeLittleMemory(t *testing.T) {
	large, many := int64(64<<20), 8
	if soak {
		large, many = 1<<30, 512
	}
	w := codatest.Generate(7, 1, 2, 0, 0)
	d, text := w.Docs[0], &strings.Builder{}
	add := func(size int64) {
		id := fmt.Sprintf("bl-Memory-%03d", len(d.Blobs))
		d.Blobs = append(d.Blobs, &codatest.Blob{ID: id, Name: id + ".bin", Type: "application/octet-stream", Content: codatest.Noise(uint64(len(d.Blobs)), size)})
		fmt.Fprintf(text, "![x](blob:%s)\n\n", id)
	}
	add(large)
	for range many {
		add(2 << 20)
	}
	d.Pages[0].Body = text.String()
	dir, bin := t.TempDir(), plainProgram(t)
	_, apiURL := listen(t, w, codatest.Options{}, nil)
	cmd := exec.Command(bin, "snapshot", "--output", filepath.Join(dir, "backups"), "--cache-dir", filepath.Join(dir, "cache"), "--api-url", apiURL)
	cmd.Env = append(os.Environ(), "CODA_API_TOKEN=any", "XDG_CONFIG_HOME="+filepath.Join(dir, "config"), "GOMEMLIMIT=off", "GOGC=100")
	snapshot, peak := runAndMeasure(t, cmd)
	found, err := filepath.Glob(filepath.Join(snapshot, "docs", "*", "files", "*"))
	if err != nil || len(found) != many+1 {
		t.Fatalf("%d files, %v", len(found), err)
	}
	var all int64
	for _, f := range found {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		all += info.Size()
	}
	if want := large + int64(many)*2<<20; all != want {
		t.Errorf("%d bytes, want %d", all, want)
	}
	t.Logf("%d MiB of files: peak %.1f MiB", all>>20, float64(peak)/(1<<20))
	if peak > mostMemory {
		t.Errorf("peak %.1f MiB, want at most %d MiB", float64(peak)/(1<<20), mostMemory>>20)
	}
}
