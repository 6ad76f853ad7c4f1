package main

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// What earlier releases left on disk is kept in testdata/fixtures, an archive a release, made by that program from the
// pinned workspace. Each later one must go on with it: testdata/fixture-scripts/check.txtar. To add the archive of a
// release, give its program by its absolute path:
//
//	go test ./cmd/codafs -run TestFixtures/make -args -fixture v1.2.0 -program /path/to/codafs
var (
	fixtureName    = flag.String("fixture", "", "keep a fixture of this name, made by -program")
	fixtureProgram = flag.String("program", "", "make the fixture with this codafs")
)

const fixtureFolder = "testdata/fixtures"

// fetchedAnew is how many tables a run of this release fetches again though they did not change, since it renders them to
// other bytes than the program of the fixture did.
var fetchedAnew = map[string]int{
	"9af0732": 1, // dates were written with the offset of the doc's time zone
}

func TestFixtures(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SSL_CERT_FILE, by which the pinned service is trusted, is for Linux")
	}
	bin := sampledProgram(t)
	maker, made := bin, filepath.Join(t.TempDir(), "this release.tar.gz")
	if *fixtureName != "" {
		maker, made = filepath.Join(t.TempDir(), "codafs"), filepath.Join(fixtureFolder, *fixtureName+".tar.gz")
		if err := os.Symlink(*fixtureProgram, maker); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("make", func(t *testing.T) { runFixtureScript(t, maker, "make", made) })
	kept, err := filepath.Glob(filepath.Join(fixtureFolder, "*.tar.gz"))
	if err != nil || len(kept) == 0 {
		t.Fatalf("no fixtures, %v", err)
	}
	if *fixtureName == "" {
		kept = append(kept, made)
	}
	for _, archive := range kept {
		name := strings.TrimSuffix(filepath.Base(archive), ".tar.gz")
		t.Run(name, func(t *testing.T) { runFixtureScript(t, bin, "check", archive) })
	}
}

// runFixtureScript has a script make an archive, or check what is in it.
func runFixtureScript(t *testing.T, program, name, archive string) {
	archive, err := filepath.Abs(archive)
	if err != nil {
		t.Fatal(err)
	}
	p := scriptParams(func(testing.TB) string { return program })
	p.Files = []string{filepath.Join("testdata/fixture-scripts", name+".txtar")}
	setup := p.Setup
	p.Setup = func(e *testscript.Env) error {
		e.Setenv("ARCHIVE", archive)
		e.Setenv("ANEW", strconv.Itoa(fetchedAnew[strings.TrimSuffix(filepath.Base(archive), ".tar.gz")]))
		return setup(e)
	}
	testscript.Run(t, p)
}
