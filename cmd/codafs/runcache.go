package main

import (
	"os"
	"path/filepath"
	"time"
)

// A snapshot that takes nothing over keeps what it fetches in a folder of its own, for as long as
// it runs: in the cache, nobody would ever ask for it again.

// staleRun is how old a run's folder is when its run was surely killed.
const staleRun = 7 * 24 * time.Hour

// runFolder makes the folder of a run, in the system's folder for such things if the cache's disk is full.
func runFolder(cacheDir string) (string, error) {
	dir, err := inRuns(cacheDir)
	if err != nil {
		return os.MkdirTemp("", "codafs-run-")
	}
	return dir, nil
}

// inRuns makes a folder beside the cache's, and removes those that killed runs have left.
func inRuns(cacheDir string) (string, error) {
	runs := filepath.Join(cacheDir, "runs")
	if err := os.MkdirAll(runs, 0o700); err != nil {
		return "", err
	}
	old, err := os.ReadDir(runs)
	if err != nil {
		return "", err
	}
	for _, d := range old {
		if st, err := d.Info(); err == nil && time.Since(st.ModTime()) > staleRun {
			_ = os.RemoveAll(filepath.Join(runs, d.Name())) // it is tried again the next time
		}
	}
	return os.MkdirTemp(runs, "run-")
}
