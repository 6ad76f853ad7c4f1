package folder_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/codafs/codafs/snapshot/folder"
)

var noon = time.Date(2026, 3, 7, 12, 0, 0, 0, time.UTC)

func create(t *testing.T) (*folder.Folder, string) {
	t.Helper()
	dir := t.TempDir()
	f, err := folder.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f, dir
}

func TestParseID(t *testing.T) {
	for name, n := range map[string]int{
		"2026-03-07T120000Z": 1, "2026-03-07T120000Z-2": 2, "2026-03-07T120000Z-10": 10,
		"2026-03-07T120000Z-1": 0, "2026-03-07T120000Z-02": 0, "2026-03-07T120000Z-": 0, "2026-13-07T120000Z": 0,
		"2026-03-07T120000": 0, ".partial-2026-03-07T120000Z": 0, "latest": 0, "": 0,
	} {
		second, number, ok := folder.ParseID(name)
		if ok != (n > 0) || ok && (number != n || !second.Equal(noon)) {
			t.Errorf("%q: %v, %d, %t", name, second, number, ok)
		}
	}
}

// Snapshots come in the order in which they were made, and nothing else is one of them.
func TestSealed(t *testing.T) {
	f, dir := create(t)
	for _, name := range []string{"2026-03-07T120000Z-10", "2026-03-07T120000Z-9", "2026-03-07T120000Z", "2026-03-06T120000Z", ".partial-2026-03-08T120000Z", "notes"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "2026-03-09T120000Z"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := f.Sealed()
	want := []string{"2026-03-06T120000Z", "2026-03-07T120000Z", "2026-03-07T120000Z-9", "2026-03-07T120000Z-10"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

func TestLockIsForOne(t *testing.T) {
	f, dir := create(t)
	release, err := f.Lock(noon)
	if err != nil {
		t.Fatal(err)
	}
	other, err := folder.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	_, err = other.Lock(noon)
	if locked, ok := errors.AsType[*folder.LockedError](err); !ok || locked.Holder.PID != os.Getpid() || !locked.Holder.Since.Equal(noon) {
		t.Errorf("locked twice: %v", err)
	}
	release()
	again, err := other.Lock(noon)
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestLatest(t *testing.T) {
	f, dir := create(t)
	if id, err := f.Latest(); id != "" || err != nil {
		t.Errorf("of an empty folder: %q, %v", id, err)
	}
	for text, want := range map[string]string{"2026-03-07T120000Z\n": "2026-03-07T120000Z", "../elsewhere\n": ""} {
		if err := os.WriteFile(filepath.Join(dir, folder.LatestName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		id, err := f.Latest()
		if _, foreign := errors.AsType[*folder.ForeignError](err); id != want || foreign != (want == "") {
			t.Errorf("%q: %q, %v", text, id, err)
		}
	}
}
