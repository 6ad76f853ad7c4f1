package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	iofs "io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/backup"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/progress"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/codatest/openapitest"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/spf13/pflag"
)

// faultToken is what no file and no word of a run may hold.
const faultToken = "0f3b1c9e-77aa-4d51-token-of-the-faults"

// The objects that faults strike.
const (
	launchDoc  = "LaunchHub1"
	notesDoc   = "NotesDoc_2"
	planPage   = "canvas-Plan_0001"
	risksPage  = "canvas-Risks_002" // not the first: that one is also asked for to see what the token may do
	tasksTable = "grid-Tasks_001"
	openView   = "table-OpenTask1"
	daysLeft   = "f-DaysLeft01"
	quarter    = "ctrl-Quarter1"
)

// faultWorkspace is as small as a workspace can be where each list that faults strike has two
// items: each pair of a request and a fault makes a snapshot of all of it. With one item a page,
// each of those lists has two pages.
func faultWorkspace() *codatest.Workspace {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	row := func(id, name, count string) *codatest.Row {
		return &codatest.Row{ID: id, Cells: map[string]codatest.Value{"c-Name": codatest.Text(name), "c-Count": codatest.Number(count)}}
	}
	tasks := &codatest.Table{
		ID: tasksTable, Name: "Tasks", Parent: planPage,
		Columns: []*codatest.Column{
			{ID: "c-Name", Name: "Name", Format: codatest.Format{Type: "text"}},
			{ID: "c-Count", Name: "Count", Format: codatest.Format{Type: "number"}},
		},
		Rows: []*codatest.Row{row("i-1", "first, with a comma", "1"), row("i-2", "second", "2.50")},
	}
	launch := &codatest.Doc{
		ID: launchDoc, Name: "Launch hub", CreatedAt: at,
		Pages: []*codatest.Page{
			{ID: planPage, Name: "Plan", Body: "# Plan\n\nShip it — 発売 🚀\n"},
			{ID: risksPage, Name: "Risks", Parent: planPage, Body: "# Risks\n\n- one\n- two\n"},
		},
		Tables: []*codatest.Table{tasks, {ID: openView, Name: "Open tasks", Parent: planPage, Base: tasksTable}},
		Formulas: []*codatest.Formula{
			{ID: daysLeft, Name: "DaysLeft", Parent: planPage, Value: codatest.Number("6")},
			{ID: "f-Budget_002", Name: "Budget", Parent: planPage, Value: codatest.Text("none")},
		},
		Controls: []*codatest.Control{
			{ID: quarter, Name: "quarter", Parent: planPage, Type: "select", Value: codatest.Text("2026 Q1")},
			{ID: "ctrl-Done_002", Name: "showDone", Parent: planPage, Type: "checkbox", Value: codatest.Bool(true)},
		},
		Permissions: []*codatest.Permission{
			{ID: "perm-1", Access: "write", Principal: map[string]string{"type": "email", "email": "grace@faults.example"}},
			{ID: "perm-2", Access: "comment", Principal: map[string]string{"type": "domain", "domain": "faults.example"}},
		},
	}
	notes := &codatest.Doc{
		ID: notesDoc, Name: "Notes", CreatedAt: at.AddDate(0, 0, -1),
		Pages: []*codatest.Page{{ID: "canvas-Notes_001", Name: "Notes", Body: "# Notes\n"}},
	}
	return &codatest.Workspace{
		ID: "ws-Faults_01", Name: "Faults", User: codatest.Person{Name: "Ada", Email: "ada@faults.example"},
		Docs: []*codatest.Doc{launch, notes},
	}
}

// ranBackup is what a run of 'codafs snapshot' did and left.
type ranBackup struct {
	exit     int
	sealed   bool
	docs     map[string]string      // docs/ of the snapshot: bytes by path
	files    map[string]format.File // the manifest's, by path
	failures []fs.Failure
	warnings []string
	requests []codatest.Request
	took     time.Duration // on the fake clock
	said     string        // on both streams, with a log of everything
}

// backUp runs 'codafs snapshot' over the stand-in service with its rate limits, in a bubble: waits take no time.
// The bubble ends only if all goroutines do.
func backUp(t *testing.T, docs []string, faults ...codatest.Fault) (b ranBackup) {
	t.Helper()
	today := time.Now().Round(0) // the stamps of files are of the real clock
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(today))
		service := codatest.New(faultWorkspace(), codatest.Options{
			Token: faultToken, PageSize: 1, Throttle: true, Latency: 50 * time.Millisecond})
		for _, f := range faults {
			service.Fail(f)
		}
		var said stream
		start := time.Now()
		dir := quickDir(t)
		err := snapshotOver(t, service, dir, docs, term.Streams{In: strings.NewReader(""), Out: &said, Err: &said})
		b.took, b.requests = time.Since(start), service.Requests()
		b.exit = exit.Code(err)
		if err != nil {
			fmt.Fprintln(&said, exit.Describe(err))
		}
		b.said = said.String()
		b.read(t, filepath.Join(dir, "backups"))
		wantNoSecret(t, dir, b.said)
	})
	return b
}

// stream is written to by many, as a terminal is.
type stream struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *stream) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// quickDir is in memory where the system has such a place: on a disk, thousands of syncs would
// take most of the test's time.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "codafs-faults-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// snapshotOver makes a snapshot as the command does, with another transport and nothing of the real
// user's settings.
func snapshotOver(t *testing.T, service *codatest.Server, dir string, docs []string, std term.Streams) error {
	t.Helper()
	var o backup.Options
	o.Selection.Docs = docs
	return snapshotWith(t.Context(), t, &o, service.RoundTripperOver(openapitest.Wrap(t, service)), dir, std)
}

// snapshotWith is snapshotOver with options: those that no setting gives, and docs.
func snapshotWith(ctx context.Context, t *testing.T, given *backup.Options, transport http.RoundTripper, dir string, std term.Streams) error {
	t.Helper()
	o := *given
	o.Tool = tool()
	o.Register(pflag.NewFlagSet("", pflag.ContinueOnError)) // the defaults
	o.Output, o.CacheDir, o.Selection.Docs = filepath.Join(dir, "backups"), filepath.Join(dir, "cache"), given.Selection.Docs
	o.Selection.Names, o.Selection.Files = fs.NameMode(o.Names), given.Selection.Files
	if err := o.SettleFiles(); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(std.Err, &slog.HandlerOptions{Level: slog.LevelDebug}))
	client, err := coda.New(coda.Options{
		BaseURL: o.BaseURL(), Token: faultToken, UserAgent: o.Tool, MaxRetries: o.MaxRetries, ExportTimeout: o.ExportTimeout,
		Transport: transport, Log: log, Outage: rest.WaitOutage,
	})
	if err != nil {
		t.Fatal(err)
	}
	disk, err := open.Cache(&o.Settings, o.CacheDir, log)
	if err != nil {
		t.Fatal(err)
	}
	w := open.New(client, disk, log, codadocs.Options{Options: remote.Options{Account: "faults"}, Select: o.Selection,
		Blobs: blob.NewFetcher(client.Client, blob.HostsOf(o.BaseURL()), blob.Options{})})
	defer w.Close()
	p, std := progress.NewRun(std, o.JSON, o.Quiet || o.DryRun)
	return o.Run(ctx, std, w, p)
}

// read takes in the sealed snapshot, if there is one.
func (b *ranBackup) read(t *testing.T, output string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(output, "[0-9]*Z*"))
	if err != nil || len(names) > 1 {
		t.Fatal(names, err)
	}
	if _, err := os.Stat(filepath.Join(output, "latest.txt")); (err == nil) != (len(names) == 1) {
		t.Errorf("%d snapshots, latest.txt: %v", len(names), err)
	}
	if len(names) == 0 {
		return
	}
	b.sealed, b.docs, b.files = true, map[string]string{}, map[string]format.File{}
	dir := os.DirFS(names[0])
	manifest, summary := readAs[format.Manifest](t, dir, "manifest.json"), readAs[format.Summary](t, dir, "summary.json")
	for _, f := range manifest.Files {
		b.files[f.Path] = f
	}
	b.failures, b.warnings = manifest.Failures, summary.Warnings
	if !slices.Equal(summary.Failures, manifest.Failures) || summary.ExitCode != b.exit {
		t.Errorf("exit code %d, but summary.json says %d, %v; the manifest %v", b.exit, summary.ExitCode, summary.Failures, manifest.Failures)
	}
	err = iofs.WalkDir(dir, "docs", func(path string, d iofs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			data, readErr := iofs.ReadFile(dir, path)
			b.docs[path], err = string(data), readErr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readAs[T any](t *testing.T, dir iofs.FS, name string) (v T) {
	t.Helper()
	data, err := iofs.ReadFile(dir, name)
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// wantNoSecret fails if the token, or the query of a download link, is in what was written or said.
func wantNoSecret(t *testing.T, dir, said string) {
	t.Helper()
	look := func(where, text string) {
		for _, secret := range []string{faultToken, "X-Amz-Signature"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %s", where, secret)
			}
		}
	}
	look("the log", said)
	err := filepath.WalkDir(dir, func(path string, d iofs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		look(path, string(data))
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
