package snapshot_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
)

func TestRunLaysOutOneSealedFolder(t *testing.T) {
	from, o := workspace(2), options(t)
	s := mustRun(t, from, o, 0)
	if s.ID != "2026-03-07T101530Z" || s.Result != format.Complete {
		t.Errorf("id %q, result %q", s.ID, s.Result)
	}
	dir := filepath.Join(o.Output, s.ID)
	wantDocs(t, dir, from.content)
	var names []string
	for name := range readTree(t, o.Output) {
		if !strings.HasPrefix(name, s.ID+"/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	want := []string{".lock", "latest", "latest.txt"}
	if runtime.GOOS == "windows" {
		want = []string{".lock", "latest.txt"}
	}
	if !slices.Equal(names, want) {
		t.Errorf("beside the snapshot: %q, want %q", names, want)
	}
	if got := latest(t, o.Output); got != s.ID {
		t.Errorf("latest.txt names %q", got)
	}
	if target, err := os.Readlink(filepath.Join(o.Output, "latest")); err != nil || target != s.ID {
		t.Errorf("latest is %q, %v", target, err)
	}
	for path := range from.content {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o400 || !info.ModTime().Equal(from.entries[0].ModTime) {
			t.Errorf("%s: %v %v", path, info.Mode(), info.ModTime())
		}
	}
	mustVerify(t, o.Output, 0)
}

func mustVerify(t *testing.T, dir string, code int) sealed.Report {
	t.Helper()
	r, err := sealed.Verify(t.Context(), dir)
	if err != nil || r.ExitCode() != code {
		t.Fatalf("verify: exit code %d, error %v, damage %v; want %d", r.ExitCode(), err, r.Damage, code)
	}
	return r
}

func TestSHA256SumsPassesTheRealTool(t *testing.T) {
	tool, err := exec.LookPath("sha256sum")
	if err != nil {
		t.Skip("sha256sum is not installed")
	}
	from, o := workspace(2), options(t)
	s := mustRun(t, from, o, 0)
	cmd := exec.Command(tool, "--strict", "-c", "SHA256SUMS")
	cmd.Dir = filepath.Join(o.Output, s.ID)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), ": OK\n"); n != len(from.content)+2 {
		t.Errorf("%d files checked, want %d", n, len(from.content)+2)
	}
}

// fields names the keys of a JSON object, and of the first item of each list in it.
func fields(t *testing.T, path string) map[string][]string {
	t.Helper()
	top := readJSON[map[string]any](t, path)
	keys := map[string][]string{}
	var add func(name string, object map[string]any)
	add = func(name string, object map[string]any) {
		for k, v := range object {
			keys[name] = append(keys[name], k)
			if list, ok := v.([]any); ok {
				for _, item := range list {
					if object, ok := item.(map[string]any); ok && keys[k] == nil {
						add(k, object)
					}
				}
			}
		}
		slices.Sort(keys[name])
	}
	add("", top)
	return keys
}

func TestJSONFieldsAreThoseOfTheContract(t *testing.T) {
	from, o := workspace(1), options(t)
	// Rows come first in docs/ by this name, so the fields of a table's rows are looked at.
	from.add(fs.Entry{Path: "docs/A/a.csv", Kind: fs.KindRows, DocID: "d", ObjectID: "grid-1", Name: "T", Source: "export"}, "a\n1\n")
	from.entries = append(from.entries, fs.Entry{Path: "docs/A/b.md", Kind: fs.KindPage, DocID: "d", ObjectID: "canvas-9",
		Failure: &fs.Failure{Time: day, Code: "other", Message: "no answer, so no status"}})
	s := mustRun(t, from, o, 3)
	failure := []string{"attempts", "code", "doc_id", "http_status", "kind", "message", "object_id", "path"}
	want := map[string][]string{
		"":     {"docs", "failures", "files", "finished_at", "id", "not_captured", "options", "schema", "source", "started_at", "tool"},
		"docs": {"created_at", "doc_id", "name", "path", "updated_at", "url"},
		"files": {"doc_id", "kind", "name", "object_id", "path", "rows", "sha256", "size", "source", "status",
			"updated_at", "version"},
		"failures": failure,
	}
	if got := fields(t, filepath.Join(o.Output, s.ID, "manifest.json")); !reflect.DeepEqual(got, want) {
		t.Errorf("manifest.json has %q\nwant %q", got, want)
	}
	want = map[string][]string{
		"": {"bytes", "computed_kept", "contents", "docs_found", "docs_processed", "exit_code", "failures", "files", "finished_at", "id", "pages_exported",
			"requests", "result", "schema", "skipped_unchanged", "started_at", "tables_exported", "throttled_seconds",
			"views_exported", "warnings"},
		"failures": failure,
	}
	if got := fields(t, filepath.Join(o.Output, s.ID, "summary.json")); !reflect.DeepEqual(got, want) {
		t.Errorf("summary.json has %q\nwant %q", got, want)
	}
}

func TestManifestDescribesEveryFile(t *testing.T) {
	from, o := workspace(2), options(t)
	s := mustRun(t, from, o, 0)
	m := readJSON[format.Manifest](t, filepath.Join(o.Output, s.ID, "manifest.json"))
	if m.Schema != "codafs.manifest/1" || m.ID != s.ID || m.Tool != o.Tool || m.Source != o.Source {
		t.Errorf("head is %+v", m.Head)
	}
	byPath := func(a, b format.File) int { return strings.Compare(a.Path, b.Path) }
	if len(m.Files) != len(from.entries) || !slices.IsSortedFunc(m.Files, byPath) {
		t.Errorf("%d files, want %d in order", len(m.Files), len(from.entries))
	}
	for _, f := range m.Files {
		text, ok := from.content[f.Path]
		sum := sha256.Sum256([]byte(text))
		if !ok || f.Size != int64(len(text)) || f.SHA256 != hex.EncodeToString(sum[:]) || f.Version != versionOf(text) {
			t.Errorf("file %+v does not describe %q", f, text)
		}
		if isCSV := f.Kind == fs.KindRows; isCSV != (f.Rows != nil) || isCSV && *f.Rows != 2 {
			t.Errorf("%s: rows %v", f.Path, f.Rows)
		}
		if f.Status != format.StatusNew {
			t.Errorf("%s: status %q", f.Path, f.Status)
		}
	}
	if len(m.Docs) != 2 || m.Docs[1].DocID != "doc1" || m.Docs[1].Path != "docs/Läunch & Plan 1__doc1" {
		t.Errorf("docs are %+v", m.Docs)
	}
}

func TestSummaryCounts(t *testing.T) {
	from, o := workspace(3), options(t)
	o.Requests = func() (int, time.Duration) { return 42, 1500 * time.Millisecond }
	s := mustRun(t, from, o, 0)
	written := readJSON[format.Summary](t, filepath.Join(o.Output, s.ID, "summary.json"))
	if !reflect.DeepEqual(written, s) {
		t.Errorf("summary.json has %+v\nRun gave %+v", written, s)
	}
	var size int64
	for _, text := range from.content {
		size += int64(len(text))
	}
	want := format.Summary{
		Schema: "codafs.summary/1", ID: s.ID, Result: format.Complete, StartedAt: day, FinishedAt: s.FinishedAt,
		DocsFound: 3, DocsProcessed: 3, PagesExported: 6, TablesExported: 3, ViewsExported: 3, Files: 33, Bytes: size,
		Requests: 42, ThrottledSeconds: 1.5, Failures: []fs.Failure{}, Warnings: []string{},
		Contents: &format.Contents{Docs: format.Count{Total: 3, New: 3}, Pages: format.Count{Total: 6, New: 6},
			Tables: format.Count{Total: 3, New: 3}, Views: format.Count{Total: 3, New: 3}},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("summary is %+v\nwant %+v", s, want)
	}
}

func TestTwoRunsOfOneTreeWriteTheSame(t *testing.T) {
	from := workspace(3)
	from.open = failing(map[string]error{from.entries[3].Path: errors.New("b"), from.entries[14].Path: errors.New("a")})
	var manifests []string
	for _, concurrency := range []int{1, 7} {
		o := options(t)
		o.Concurrency = concurrency
		s := mustRun(t, from, o, 3)
		data, err := os.ReadFile(filepath.Join(o.Output, s.ID, "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]any{}
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(data), fmt.Sprint(m["finished_at"]), "END", 1)
		manifests = append(manifests, text)
		if !strings.HasPrefix(text, "{\n  \"schema\"") || !strings.HasSuffix(text, "\n}\n") {
			t.Errorf("manifest.json is not laid out for people: %.20q", text)
		}
	}
	if manifests[0] != manifests[1] {
		t.Errorf("manifests differ:\n%s\n%s", manifests[0], manifests[1])
	}
}

func TestTwoSnapshotsOfOneSecondHaveTwoNames(t *testing.T) {
	from, o := workspace(1), options(t)
	for _, want := range []string{"2026-03-07T101530Z", "2026-03-07T101530Z-2", "2026-03-07T101530Z-3"} {
		o.Now = clock()
		if s := mustRun(t, from, o, 0); s.ID != want || latest(t, o.Output) != want {
			t.Errorf("id %q, latest %q, want %q", s.ID, latest(t, o.Output), want)
		}
	}
	if r := mustVerify(t, o.Output, 0); len(r.Checked) != 3 {
		t.Errorf("verified %q", r.Checked)
	}
}

func TestStatusComparesWithTheSnapshotBefore(t *testing.T) {
	from, o := workspace(1), options(t)
	mustRun(t, from, o, 0)
	edited := from.entries[3].Path
	from.edit(edited, "# Another text\n")
	from.add(fs.Entry{Path: "docs/New.md", Kind: fs.KindPage, DocID: "doc0", ObjectID: "canvas-9"}, "new")
	o.Now = clockAt(day.Add(time.Hour))
	s := mustRun(t, from, o, 0)
	for _, f := range readJSON[format.Manifest](t, filepath.Join(o.Output, s.ID, "manifest.json")).Files {
		want := format.StatusUnchanged
		switch f.Path {
		case edited:
			want = format.StatusChanged
		case "docs/New.md":
			want = format.StatusNew
		}
		if f.Status != want {
			t.Errorf("%s is %q, want %q", f.Path, f.Status, want)
		}
	}
}

// recorder is a Progress that keeps what it is told.
type recorder struct {
	plan   snapshot.Plan
	copied []string
	missed []string
	left   []snapshot.Estimate

	mu      sync.Mutex // guards fetched
	fetched []string
}

func (r *recorder) Fetching(e fs.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fetched = append(r.fetched, e.Path)
}

func (r *recorder) Listed(p snapshot.Plan) { r.plan = p }

func (r *recorder) Copied(f format.File, left snapshot.Estimate) {
	r.copied, r.left = append(r.copied, f.Path), append(r.left, left)
}

func (r *recorder) Missed(f fs.Failure, left snapshot.Estimate) {
	r.missed, r.left = append(r.missed, f.Path), append(r.left, left)
}

func TestProgressHearsOfEveryFileOnce(t *testing.T) {
	from, o := workspace(2), options(t)
	broken := from.entries[5].Path
	from.open = failing(map[string]error{broken: errors.New("no")})
	var heard recorder
	o.Progress = &heard
	mustRun(t, from, o, 3)
	if heard.plan.Docs != 2 || heard.plan.Files != 22 || len(heard.copied) != 21 || !slices.Equal(heard.missed, []string{broken}) {
		t.Errorf("heard of %+v, copied %q, missed %q", heard.plan, heard.copied, heard.missed)
	}
	slices.Sort(heard.fetched)
	if all := slices.Sorted(slices.Values(append(heard.copied, broken))); !slices.Equal(heard.fetched, all) {
		t.Errorf("fetching %q, want %q", heard.fetched, all)
	}
	// What is linked is not fetched.
	next := recorder{}
	from.open, o.Incremental, o.Progress, o.Now = nil, true, &next, clockAt(day.Add(24*time.Hour))
	mustRun(t, from, o, 0)
	if len(next.copied) != 22 || !slices.Equal(next.fetched, []string{broken}) {
		t.Errorf("fetching %q, copied %q", next.fetched, next.copied)
	}
}

// endless gives n bytes without holding them.
type endless struct{ n int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.n == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.n)
	for i := range p[:n] {
		p[i] = "0123456789abcde\n"[i%16]
	}
	e.n -= n
	return int(n), nil
}

func TestALargeFileStreams(t *testing.T) {
	const size = 64 << 20
	from, o := workspace(1), options(t)
	o.Output = filepath.Join(t.TempDir(), "coda-backups") // memory may be short of it
	big := "docs/Läunch & Plan 0__doc0/tables/table/Status__Tasks__table-1.csv"
	from.open = func(_ context.Context, path string) (io.ReadCloser, error) {
		if path == big {
			return io.NopCloser(&endless{size}), nil
		}
		return nil, nil
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := mustRun(t, from, o, 0)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20 {
		t.Errorf("%d bytes allocated for a file of %d", got, size)
	}
	m := readJSON[format.Manifest](t, filepath.Join(o.Output, s.ID, "manifest.json"))
	i := slices.IndexFunc(m.Files, func(f format.File) bool { return f.Path == big })
	if f := m.Files[i]; f.Size != size || *f.Rows != size/16-1 {
		t.Errorf("size %d, rows %d", f.Size, *f.Rows)
	}
}
