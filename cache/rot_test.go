package cache

import (
	"fmt"
	iofs "io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rotten is how many files of the folder go bad.
const rotten = 100

// rottenSizes are those of pages, lists and tables: held in memory, served from their file, and large.
var rottenSizes = []int{0, 1, 400, 3_000, 20_000, smallBytes, smallBytes + 1, 300_000, 1<<20 + 12_345}

func rottenText(key int) string {
	line := fmt.Sprintf("%08d of content %d\n", key*7919, key)
	return strings.Repeat(line, rottenSizes[key%len(rottenSizes)]/len(line)+1)[:rottenSizes[key%len(rottenSizes)]]
}

// A folder as it is after weeks of use loses bits and ends of files, whichever they are. Nothing wrong
// is served, all that is well is still found, and one fill heals each.
func TestRotInARealFolderIsNeverServed(t *testing.T) {
	const contents = 150
	dir, n := t.TempDir(), 0
	d := openDisk(t, dir, Options{})
	for key := range contents {
		c, err := d.Get(t.Context(), fmt.Sprint(key), text(rottenText(key), &n))
		read(t, c, err)
	}
	d.Close()
	rot(t, dir, rand.New(rand.NewPCG(1, 26)))

	d, n = openDisk(t, dir, Options{}), 0
	for key := range contents {
		if size, ok := d.Size(fmt.Sprint(key)); ok && size != int64(len(rottenText(key))) {
			t.Errorf("size %d of content %d", size, key)
		}
		if c, ok := d.Lookup(t.Context(), fmt.Sprint(key)); ok && read(t, c, nil) != rottenText(key) {
			t.Errorf("wrong bytes of content %d", key)
		}
		c, err := d.Get(t.Context(), fmt.Sprint(key), text(rottenText(key), &n))
		if read(t, c, err) != rottenText(key) {
			t.Errorf("wrong bytes of content %d after a fill", key)
		}
	}
	if n == 0 || n > rotten {
		t.Errorf("%d fills for %d bad files", n, rotten)
	}
	if err := d.Trim(t.Context()); err != nil {
		t.Error(err)
	}
	d.Close()
	d = openDisk(t, dir, Options{})
	for key := range contents {
		c, err := d.Get(t.Context(), fmt.Sprint(key), noFill)
		if read(t, c, err) != rottenText(key) {
			t.Errorf("content %d was not healed", key)
		}
	}
}

// rot spoils random files of a cache folder, entries and contents alike: bits, ends, all of it.
func rot(t *testing.T, dir string, rng *rand.Rand) {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, e iofs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	rng.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	for i, path := range files[:rotten] {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case len(data) == 0 || i%4 == 3:
			data = append(data, byte(rng.Uint32()))
		case i%4 == 2:
			data = data[:rng.IntN(len(data))]
		default:
			data[rng.IntN(len(data))] ^= 1 << rng.IntN(8)
		}
		overwrite(t, path, data)
	}
}
