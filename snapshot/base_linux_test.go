package snapshot_test

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// opens counts how often files are opened while do runs. An open is told apart from the next one by the closing between them.
func opens(t *testing.T, do func(), files ...string) []int {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	place := map[int32]int{}
	for i, name := range files {
		watch, err := unix.InotifyAddWatch(fd, name, unix.IN_OPEN|unix.IN_CLOSE)
		if err != nil {
			t.Fatal(err)
		}
		place[int32(watch)] = i
	}
	do()
	n, buffer := make([]int, len(files)), make([]byte, 1<<16)
	size, err := unix.Read(fd, buffer)
	if err != nil && err != unix.EAGAIN { // nothing was opened
		t.Fatal(err)
	}
	for r := bytes.NewReader(buffer[:max(size, 0)]); r.Len() > 0; {
		var e unix.InotifyEvent // of a file it has no name
		if err := binary.Read(r, binary.NativeEndian, &e); err != nil {
			t.Fatal(err)
		}
		if i, ok := place[e.Wd]; ok && e.Mask&unix.IN_OPEN != 0 {
			n[i]++
		}
	}
	return n
}

// An incremental run looks at the snapshot before once: at the beginning of its manifest, to see which run it is of; at its files,
// from which all that the run asks of it comes; and at the bytes of each file that it links.
func TestTheSnapshotBeforeIsOpenedOnce(t *testing.T) {
	from, o := workspace(3), options(t)
	o.Concurrency = 1
	first := mustRun(t, from, o, 0)
	dir := filepath.Join(o.Output, first.ID)
	files := []string{filepath.Join(dir, "manifest.json"), filepath.Join(dir, "summary.json"), filepath.Join(dir, "SHA256SUMS")}
	for path := range from.content {
		files = append(files, filepath.Join(dir, path))
	}
	o.Incremental, o.Now = true, clockAt(day.Add(24*time.Hour))
	n := opens(t, func() {
		if s := mustRun(t, from, o, 0); s.SkippedUnchanged == 0 {
			t.Error("nothing was kept")
		}
	}, files...)
	for i, want := range append([]int{2, 1, 0}, make([]int, len(from.content))...) {
		if i > 2 {
			want = 1
		}
		if n[i] != want {
			t.Errorf("%s was opened %d times, want %d", files[i], n[i], want)
		}
	}
}
