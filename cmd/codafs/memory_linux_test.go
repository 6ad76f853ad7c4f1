package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

// The largest table that users are promised a figure for, and the figure.
const (
	largeTable = 200_000 // rows
	mostMemory = 96 << 20
)

// TestALargeTableTakesLittleMemory looks at the real program, built as users have it.
func TestALargeTableTakesLittleMemory(t *testing.T) {
	dir := t.TempDir()
	bin := plainProgram(t)
	w := codatest.Generate(5, 1, 3, 2, 10)
	large := w.Docs[0].Tables[0]
	rows := rowMill{table: large, rows: largeTable}
	_, apiURL := listen(t, w, codatest.Options{}, rows.before)

	cmd := exec.Command(bin, "snapshot", "--output", filepath.Join(dir, "backups"), "--cache-dir", filepath.Join(dir, "cache"),
		"--api-url", apiURL, "--rate", "read=100000/1s", "--rate", "export=100000/1s")
	cmd.Env = append(os.Environ(), "CODA_API_TOKEN=any", "XDG_CONFIG_HOME="+filepath.Join(dir, "config"), "GOMEMLIMIT=off", "GOGC=100")
	snapshot, peak := runAndMeasure(t, cmd)
	if got := lines(t, filepath.Join(snapshot, "docs"), "*"+large.ID+".csv"); got != largeTable+1 {
		t.Fatalf("the table's file has %d lines", got)
	}
	t.Logf("%d rows: peak %.1f MiB", largeTable, float64(peak)/(1<<20))
	if peak > mostMemory {
		t.Errorf("peak %.1f MiB, want at most %d MiB", float64(peak)/(1<<20), mostMemory>>20)
	}
}

// runAndMeasure runs the program, and looks at its peak of resident memory until it ends. The peak
// only grows, so that the last look, a moment before the end, has it.
func runAndMeasure(t testing.TB, cmd *exec.Cmd) (snapshot string, peak int64) {
	t.Helper()
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("%v: %s", err, talk.String())
			}
			return strings.TrimSpace(out.String()), peak
		case <-look.C:
			if now, err := peakMemory(cmd.Process.Pid); err == nil { // else it has just ended
				peak = max(peak, now)
			}
		}
	}
}

// peakMemory is the most memory that a process had resident, in bytes.
func peakMemory(pid int) (int64, error) { return memoryOf(pid, "VmHWM:") }

// memoryOf is a line of what the kernel says of a process's memory, in bytes.
func memoryOf(pid int, field string) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == field {
			kib, err := strconv.ParseInt(f[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("no %s in %s", field, b)
}

// lines counts the lines of the file below dir whose name matches.
func lines(t *testing.T, dir, pattern string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if ok, _ := filepath.Match(pattern, filepath.Base(path)); !ok || err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		scan := bufio.NewScanner(f)
		for scan.Scan() {
			n++
		}
		return scan.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
