package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// The program is built once in each way, by the first test that asks for it.
var (
	buildPlain  = sync.OnceValues(func() (string, error) { return makeProgram("plain") })
	buildTested = sync.OnceValues(func() (string, error) { return makeProgram("tested", raceFlag) })
)

// buildFolder is where builds are until withBuilds ends.
var buildFolder string

func makeProgram(name string, flags ...string) (string, error) {
	bin := filepath.Join(buildFolder, name, "codafs")
	out, err := exec.Command("go", append(append([]string{"build"}, flags...), "-o", bin, ".")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return bin, nil
}

// plainProgram is the program as users have it.
func plainProgram(tb testing.TB) string { return built(tb, buildPlain) }

// testedProgram is the program with the race detector where the tests are built with it.
func testedProgram(tb testing.TB) string { return built(tb, buildTested) }

// sampledProgram is the one or the other: the race detector watches one test in four, chosen by CODAFS_SEED or by chance, and with
// CODAFS_SOAK=1 all. It makes the program five times as slow.
func sampledProgram(tb testing.TB) string {
	tb.Helper()
	if soak {
		return testedProgram(tb)
	}
	s := seed(tb)
	name := fnv.New64()
	_, _ = name.Write([]byte(tb.Name())) // a hash takes everything
	if rand.New(rand.NewPCG(s, name.Sum64())).IntN(4) > 0 {
		return plainProgram(tb)
	}
	tb.Logf("CODAFS_SEED=%d, with the race detector", s)
	return testedProgram(tb)
}

func built(tb testing.TB, build func() (string, error)) string {
	tb.Helper()
	bin, err := build()
	if err != nil {
		tb.Fatal(err)
	}
	return bin
}

// withBuilds runs tests that may build the program.
func withBuilds(run func() int) int {
	dir, err := os.MkdirTemp("", "codafs-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	buildFolder = dir
	return run()
}
