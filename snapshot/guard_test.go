package snapshot_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

func TestTwoRunsAtOnceTheSecondSaysWho(t *testing.T) {
	from, o := workspace(1), options(t)
	inside, leave := make(chan struct{}), make(chan struct{})
	from.open = func(context.Context, string) (io.ReadCloser, error) {
		inside <- struct{}{}
		<-leave
		return nil, nil
	}
	o.Concurrency = 1
	done := make(chan error)
	go func() {
		_, err := snapshot.Run(context.Background(), from, o)
		done <- err
	}()
	<-inside
	second := o
	second.Now = clockAt(day.Add(time.Hour))
	s, err := snapshot.Run(t.Context(), workspace(1), second)
	locked, ok := errors.AsType[*folder.LockedError](err)
	if !ok || s.ExitCode != 11 {
		t.Fatalf("exit code %d, error %v", s.ExitCode, err)
	}
	host, hostErr := os.Hostname()
	if h := locked.Holder; h.PID != os.Getpid() || hostErr == nil && h.Host != host || !h.Since.Equal(day) {
		t.Errorf("holder is %+v", h)
	}
	go func() {
		for range inside {
		}
	}()
	close(leave)
	if err := <-done; err != nil {
		t.Errorf("the first run: %v", err)
	}
	close(inside)
	mustRun(t, workspace(1), second, 0)
	mustVerify(t, o.Output, 0)
}

func TestAnEmptyWorkspaceIsSuspect(t *testing.T) {
	o := options(t)
	s := mustRun(t, workspace(0), o, 3)
	if s.Result != format.Suspect || latest(t, o.Output) != "" || len(s.Warnings) != 1 {
		t.Errorf("result %q, latest %q, warnings %q", s.Result, latest(t, o.Output), s.Warnings)
	}
	mustVerify(t, o.Output, 0)
	o.AcceptShrink, o.Now = true, clockAt(day.Add(time.Hour))
	if s := mustRun(t, workspace(0), o, 0); latest(t, o.Output) != s.ID {
		t.Errorf("accepted, but latest.txt names %q", latest(t, o.Output))
	}
}

func TestAWorkspaceThatShrankIsSuspect(t *testing.T) {
	o := options(t)
	run := func(docs, code int) format.Summary {
		t.Helper()
		o.Now = clockAt(o.Now().Add(time.Hour))
		return mustRun(t, workspace(docs), o, code)
	}
	good := run(6, 0)
	run(2, 3)
	if s := run(2, 3); s.Result != format.Suspect || latest(t, o.Output) != good.ID {
		t.Errorf("result %q, latest %q: a suspect run must not become the measure", s.Result, latest(t, o.Output))
	}
	if s := run(3, 0); s.Result != format.Complete || latest(t, o.Output) != s.ID {
		t.Errorf("half of the objects is not under half: %q", s.Result)
	}
	o.AcceptShrink = true
	if s := run(1, 0); latest(t, o.Output) != s.ID {
		t.Errorf("accepted, but latest.txt names %q", latest(t, o.Output))
	}
}

func TestVanishedFilesCountAsShrinking(t *testing.T) {
	from, o := workspace(4), options(t)
	good := mustRun(t, from, o, 0)
	from.vanish(slices.Collect(maps.Keys(from.content))...)
	o.Now = clockAt(day.Add(time.Hour))
	if s := mustRun(t, from, o, 3); s.Result != format.Suspect || latest(t, o.Output) != good.ID {
		t.Errorf("result %q, latest %q", s.Result, latest(t, o.Output))
	}
}

func TestAFolderOfAnotherAccountOrSelectionIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*snapshot.Options)
		differs string
	}{
		"account": {func(o *snapshot.Options) { o.Source.Account = "else@example.com" },
			"account: someone@example.com there, else@example.com now"},
		"host": {func(o *snapshot.Options) { o.Source.APIURL = "https://other.example.com" },
			"api-url: https://coda.io/apis/v1 there, https://other.example.com now"},
		"selection": {func(o *snapshot.Options) {
			o.Selection = map[string]any{"doc": []string{"doc2", "doc1"}, "no-views": true}
		},
			"doc: doc0 there, doc1 doc2 now; limit: 3 there, not set now; no-views: not set there, true now"},
		"quoted": {func(o *snapshot.Options) { o.Selection["workspace-id"] = "a\x1b[2Jb" },
			`workspace-id: not set there, "a\x1b[2Jb" now`},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			o.Selection = map[string]any{"doc": []string{"doc0"}, "limit": 3}
			mustRun(t, workspace(4), o, 0)
			c.change(&o)
			o.Now = clockAt(day.Add(time.Hour))
			s, err := snapshot.Run(t.Context(), workspace(4), o)
			if _, ok := errors.AsType[*folder.ForeignError](err); !ok || s.ExitCode != 10 {
				t.Fatalf("exit code %d, error %v", s.ExitCode, err)
			}
			if want := "made with other settings (" + c.differs + "): choose"; !strings.Contains(err.Error(), want) {
				t.Errorf("it says %q, without %q", err, want)
			}
			o.AllowOtherSelection = true
			// Of another selection, so it is not measured by the one there.
			if s := mustRun(t, workspace(1), o, 0); s.Result != format.Complete {
				t.Errorf("result %q", s.Result)
			}
		})
	}
	t.Run("same", func(t *testing.T) {
		o := options(t)
		o.Selection = map[string]any{"doc": []string{"doc0"}, "limit": 3, "names": "title"}
		mustRun(t, workspace(1), o, 0)
		o.Now = clockAt(day.Add(time.Hour))
		mustRun(t, workspace(1), o, 0)
	})
}

func TestTheOrderOfASelectionIsNone(t *testing.T) {
	from, o := workspace(3), options(t)
	o.Selection = map[string]any{"doc": []string{"a", "b"}, "limit": 3}
	interrupted(t, from, o)
	o.Selection["doc"] = []string{"b", "a", "b"}
	s := mustRun(t, from, atNext(&o), 0)
	if len(from.opened) != 1 {
		t.Errorf("fetched %d files: the partial folder was not taken over", len(from.opened))
	}
	o.Selection["doc"] = []string{"b", "a"}
	if again := mustRun(t, workspace(1), atNext(&o), 3); again.Result != format.Suspect {
		t.Errorf("%q: not measured by %s", again.Result, s.ID)
	}
	o.AcceptShrink, o.Selection["doc"] = true, []string{"a"}
	if _, err := snapshot.Run(t.Context(), from, atNext(&o)); snapshot.ExitCode(err) != 10 {
		t.Errorf("fewer docs are another selection: %v", err)
	}
}

// Each setting that codafs learns is one that older manifests and journals do not have. Older programs recorded
// defaults too.
func TestASettingWithItsDefaultValueIsAsIfItWereNotThere(t *testing.T) {
	defaults := map[string]any{"rows-json": false, "workspace-id": "", "doc": []string(nil), "exclude-doc": []string{}, "limit": 0, "names": "id"}
	for name, c := range map[string]struct {
		before, now map[string]any
		recorded    string
	}{
		"defaults, then nothing": {defaults, nil, `{}`},
		"nothing, then defaults": {nil, defaults, `{}`},
		"what is chosen stays": {map[string]any{"rows-json": false, "doc": []string{"b", "a"}}, map[string]any{"doc": []string{"a", "b"}, "names": "id"},
			`{"doc":["a","b"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			from, o := workspace(3), options(t)
			o.Selection = c.now
			recordSelection(t, filepath.Join(interrupted(t, from, o), "journal.jsonl"), c.before)
			s := mustRun(t, from, atNext(&o), 0)
			if len(from.opened) != 1 {
				t.Errorf("fetched %d files: the partial folder was not taken over", len(from.opened))
			}
			manifest := filepath.Join(o.Output, s.ID, "manifest.json")
			if got := asJSON(readJSON[format.Manifest](t, manifest).Options.Selection); got != c.recorded {
				t.Errorf("the manifest records %s, want %s", got, c.recorded)
			}
			recordSelection(t, manifest, c.before)
			if again := mustRun(t, workspace(1), atNext(&o), 3); again.Result != format.Suspect {
				t.Errorf("%q: not measured by %s", again.Result, s.ID)
			}
		})
	}
}

// recordSelection has a manifest or a journal say that its run was of that selection.
func recordSelection(t *testing.T, file string, selection map[string]any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(data), `"selection":`)
	dec := json.NewDecoder(strings.NewReader(rest))
	var old map[string]any
	if err := dec.Decode(&old); err != nil {
		t.Fatal(err)
	}
	text := before + `"selection":` + asJSON(selection) + rest[dec.InputOffset():]
	if err := errors.Join(os.Remove(file), os.WriteFile(file, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// atNext is o an hour later.
func atNext(o *snapshot.Options) snapshot.Options {
	o.Now = clockAt(o.Now().Add(time.Hour))
	return *o
}

func TestWhatIsNotOursStays(t *testing.T) {
	o := options(t)
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(o.Output, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("notes.txt", "mine")
	write("latest/file", "mine too")
	s := mustRun(t, workspace(1), o, 0)
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "latest") {
		t.Errorf("warnings %q: the link could not be made", s.Warnings)
	}
	tree := readTree(t, o.Output)
	if tree["notes.txt"] != "mine" || tree["latest/file"] != "mine too" {
		t.Errorf("changed what is not ours")
	}
	write("latest.txt", "a shopping list\n")
	o.Now = clockAt(day.Add(time.Hour))
	s, err := snapshot.Run(t.Context(), workspace(1), o)
	if s.ExitCode != 10 || latest(t, o.Output) != "a shopping list" {
		t.Errorf("exit code %d, %v", s.ExitCode, err)
	}
}

func TestASnapshotWithoutManifestIsAWarningForTheNext(t *testing.T) {
	o := options(t)
	s := mustRun(t, workspace(1), o, 0)
	if err := os.Remove(filepath.Join(o.Output, s.ID, "manifest.json")); err != nil {
		t.Fatal(err)
	}
	o.Now = clockAt(day.Add(time.Hour))
	if s := mustRun(t, workspace(1), o, 0); len(s.Warnings) != 1 {
		t.Errorf("warnings %q", s.Warnings)
	}
}

func TestNamesOfSnapshots(t *testing.T) {
	for name, want := range map[string]bool{
		"2026-03-07T101530Z": true, "2026-03-07T101530Z-2": true, "2026-03-07T101530Z-10": true,
		"2026-03-07T101530Z-1": false, "2026-03-07T101530Z-02": false, "2026-03-07T101530Z-": false,
		"2026-03-07T101530": false, "2026-13-07T101530Z": false, ".partial-2026-03-07T101530Z": false, "": false,
	} {
		if got := isID(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
