package open

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// A run's folder is its own from the first moment, whoever cleans up.
func TestRunsKeepTheirFolders(t *testing.T) {
	cacheDir := t.TempDir()
	done := make(chan struct{})
	var cleaners, runs sync.WaitGroup
	for range 3 {
		cleaners.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					RemoveDeadRuns(cacheDir)
				}
			}
		})
	}
	for range 4 {
		runs.Go(func() {
			for range 100 {
				s, err := inRuns(cacheDir)
				if err != nil {
					t.Error(err)
					return
				}
				if err := os.WriteFile(filepath.Join(s.dir, "fetched"), []byte("x"), 0o600); err != nil {
					t.Error(err)
				}
				if _, err := os.Stat(filepath.Join(s.dir, "fetched")); err != nil {
					t.Error(err)
				}
				if err := s.remove(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	runs.Wait()
	close(done)
	cleaners.Wait()
	if left, _ := os.ReadDir(runsFolder(cacheDir)); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// Of a run that was killed everything goes, and nothing of another program's.
func TestDeadRunsGo(t *testing.T) {
	cacheDir := t.TempDir()
	for range 2 {
		dead, err := inRuns(cacheDir)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dead.dir, "fetched"), []byte("four"), 0o600); err != nil {
			t.Fatal(err)
		}
		dead.lock.Close()
	}
	others := filepath.Join(runsFolder(cacheDir), "run-7")
	if err := os.Mkdir(others, 0o700); err != nil {
		t.Fatal(err)
	}
	if freed := RemoveDeadRuns(cacheDir); freed != 8 {
		t.Errorf("%d bytes were freed, want 8", freed)
	}
	if left, _ := os.ReadDir(runsFolder(cacheDir)); len(left) != 1 || left[0].Name() != "run-7" {
		t.Errorf("left: %v", left)
	}
}
