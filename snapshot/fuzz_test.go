package snapshot_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
)

const (
	fuzzID   = "2026-03-07T101530Z"
	fuzzFile = "docs/Plan__d1/doc.json"
)

// manifestWith is a manifest of one file that has these bytes.
func manifestWith(path, text string) string {
	return fmt.Sprintf(`{"schema": "codafs.manifest/1", "id": %q, "docs": [{"doc_id": "d1"}], "files": [{"path": %q, "kind": "doc",
		"doc_id": "d1", "object_id": "d1", "size": %d, "sha256": "%x", "status": "new"}], "failures": [], "not_captured": []}`,
		fuzzID, path, len(text), sha256.Sum256([]byte(text)))
}

// FuzzManifest plants a manifest in a snapshot, with sums that are right. Nobody may fall over it, or look outside the
// snapshot, and Verify may find no damage only where all that it names is there.
func FuzzManifest(f *testing.F) {
	const text = "{}\n"
	for _, m := range []string{
		manifestWith(fuzzFile, text), manifestWith(fuzzFile, "another\n"), manifestWith("docs/none", text), manifestWith("../latest.txt", text),
		manifestWith("docs/../../x", text), manifestWith("/etc/passwd", text), manifestWith("docs/a\\b", text), manifestWith("", text),
		manifestWith(fuzzFile, text) + "{}", `{"schema":"codafs.manifest/1","files":null}`, `{"schema":"codafs.manifest/2"}`,
		`{"SCHEMA":"codafs.manifest/1"}`, `{"docs":[],"schema":"codafs.manifest/1"}`, `[]`, `{`, `null`, ``,
	} {
		f.Add([]byte(m), true)
		f.Add([]byte(m), false)
	}
	f.Fuzz(func(t *testing.T, manifest []byte, summed bool) {
		output := t.TempDir()
		dir := filepath.Join(output, fuzzID)
		files := map[string]string{fuzzFile: text, "manifest.json": string(manifest), "summary.json": `{"result":"complete"}`}
		sums := &bytes.Buffer{}
		for path, text := range files {
			write(t, filepath.Join(dir, path), text)
			if summed || path != fuzzFile {
				fmt.Fprintf(sums, "%x  %s\n", sha256.Sum256([]byte(text)), path)
			}
		}
		write(t, filepath.Join(dir, "SHA256SUMS"), sums.String())

		report, err := sealed.Verify(context.Background(), output)
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Damage) == 0 {
			var m format.Manifest
			if err := json.NewDecoder(bytes.NewReader(manifest)).Decode(&m); err != nil {
				t.Fatalf("no damage, but %v", err)
			}
			for _, listed := range m.Files {
				if listed.Path != fuzzFile || listed.Size != int64(len(text)) || listed.SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte(text))) {
					t.Errorf("no damage, but %+v is not there", listed)
				}
			}
		}
		if _, err := sealed.List(output); err != nil {
			t.Error(err)
		}
		_, _ = sealed.Diff(dir, dir)
		if _, err := sealed.Prune(context.Background(), output, sealed.Policy{Last: 1}, true); err != nil && snapshot.ExitCode(err) == 0 {
			t.Errorf("a failure without an exit code: %v", err)
		}
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
