package snapshot_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// broken is a protocol that is wrong on purpose. It is made of the package's own by doing other
// changes to the disk than those asked for.
type broken struct {
	// change does a change to the disk, or others. step is one change, at which a run may be
	// stopped; path gives the real path of a name in the output folder.
	change func(b *brokenRun, op, name string, do func() error) error
	hash   func(b *brokenRun, name string) (int64, string, error)
}

type brokenRun struct {
	output string
	step   func(op, name string, do func() error) error
}

func (b *brokenRun) path(name string) string { return filepath.Join(b.output, name) }

func (b *broken) into(o *snapshot.Options, step func(op, name string, do func() error) error) {
	run := &brokenRun{o.Output, step}
	if b.change != nil {
		o.HookDisk(func(op, name string, do func() error) error { return b.change(run, op, name, do) })
	}
	if b.hash != nil {
		o.HookHash(func(name string) (int64, string, error) { return b.hash(run, name) })
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func isID(name string) bool {
	_, _, ok := folder.ParseID(name)
	return ok
}

// isSealing reports that a change gives a partial folder its name.
func isSealing(op, name string) bool { return op == "rename" && isID(name) }

// Files come in under the name of a sealed snapshot: the partial folder is a link to it.
var noStaging = broken{change: func(b *brokenRun, op, name string, do func() error) error {
	id, ok := strings.CutPrefix(name, ".partial-")
	switch {
	case op == "mkdir" && ok && isID(id) && !exists(b.path(id)):
		return b.step(op, id, func() error {
			if err := os.Mkdir(b.path(id), 0o700); err != nil {
				return err
			}
			return os.Symlink(id, b.path(name))
		})
	case isSealing(op, name):
		return b.step(op, name, func() error { return os.Remove(b.path(".partial-" + name)) })
	}
	return b.step(op, name, do)
}}

// latest.txt names the snapshot before that is sealed.
var latestFirst = broken{change: func(b *brokenRun, op, name string, do func() error) error {
	switch {
	case isSealing(op, name):
		err := b.step("rename", "latest.txt", func() error { return os.Rename(b.path(".latest.txt.tmp"), b.path("latest.txt")) })
		if err != nil {
			return err
		}
	case op == "rename" && name == "latest.txt":
		return nil
	}
	return b.step(op, name, do)
}}

// A file counts as what the journal says, whatever its bytes are.
var journalTrusted = broken{hash: func(b *brokenRun, name string) (int64, string, error) {
	data, err := os.ReadFile(b.path(name))
	if err != nil {
		return 0, "", err
	}
	partial, path, _ := strings.Cut(name, "/")
	journal, _ := os.ReadFile(b.path(partial + "/journal.jsonl")) // there is none in a sealed snapshot
	for line := range strings.Lines(string(journal)) {
		var l struct{ File format.File }
		if json.Unmarshal([]byte(line), &l) == nil && l.File.Path == path {
			return l.File.Size, l.File.SHA256, nil
		}
	}
	sum := sha256.Sum256(data)
	return int64(len(data)), hex.EncodeToString(sum[:]), nil
}}

// The manifest is written under its own name: it is renamed as soon as it is created.
var manifestInPlace = broken{change: func(b *brokenRun, op, name string, do func() error) error {
	dir, base := filepath.Split(name)
	switch {
	case op == "create" && base == ".manifest.json.tmp":
		return b.step(op, dir+"manifest.json", func() error {
			if err := do(); err != nil {
				return err
			}
			return os.Rename(b.path(name), b.path(dir+"manifest.json"))
		})
	case op == "rename" && base == "manifest.json":
		return nil
	}
	return b.step(op, name, do)
}}

// The crash tests must be able to fail: each of these protocols comes through undisturbed, and
// each is found out.
func TestBrokenProtocolsAreCaught(t *testing.T) {
	for name, b := range map[string]*broken{
		"no staging": &noStaging, "latest.txt first": &latestFirst,
		"the journal is trusted without hashing": &journalTrusted, "no temporary file for the manifest": &manifestInPlace,
	} {
		for kind, r := range rehearsals(6) {
			t.Run(fmt.Sprint(name, ", ", kind), func(t *testing.T) {
				t.Parallel()
				r.broken = b
				r.prepare(t)
				err := r.everywhere(t)
				if err == nil {
					t.Fatal("nobody noticed")
				}
				t.Log(err)
			})
		}
	}
}
