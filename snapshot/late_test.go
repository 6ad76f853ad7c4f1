package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
)

// pictured is a workspace whose docs show images: a late file in each doc names them.
type pictured struct {
	*memory
	// had counts the pages of the run that a late file was made of.
	had int
}

func withPictures(m *memory, ids ...string) *pictured {
	m.mu.Lock()
	defer m.mu.Unlock()
	var doc fs.Entry
	for _, e := range m.entries {
		if e.Kind == fs.KindDoc {
			doc = e
			break
		}
	}
	dir := filepath.ToSlash(filepath.Dir(doc.Path))
	late := dir + "/files.json"
	if _, ok := m.content[late]; !ok {
		m.entries = append(m.entries, fs.Entry{Path: late, Kind: fs.KindFiles, DocID: doc.DocID, ObjectID: doc.DocID, CreatedAt: stampOf(1), UpdatedAt: stampOf(2)})
	}
	var items []string
	for _, id := range ids {
		name := "files/" + id + ".png"
		items = append(items, fmt.Sprintf(`{"id":%q,"name":%q,"status":"live","path":%q}`, id, id+".png", name))
		m.content[dir+"/"+name] = "bytes of " + id
	}
	m.content[late] = "[" + strings.Join(items, ",") + "]\n"
	return &pictured{memory: m}
}

func stampOf(day int) time.Time { return time.Date(2026, 1, day, 12, 0, 0, 0, time.UTC) }

func (p *pictured) OpenLate(ctx context.Context, path string, have snapshot.Have) (io.ReadCloser, time.Time, error) {
	for _, e := range p.entries {
		if e.Kind == fs.KindPage && strings.HasPrefix(e.Path, filepath.ToSlash(filepath.Dir(path))+"/") {
			in, err := have(format.KeyOf(e), e.Version)
			if err == nil {
				p.had++
				in.Close()
			} else if !errors.Is(err, iofs.ErrNotExist) {
				return nil, time.Time{}, err
			}
		}
	}
	in, err := p.Open(ctx, path)
	return in, stampOf(3 + strings.Count(p.content[path], "bl-4.png")), err // an edit has a stamp
}

// opened counts how often files/ were opened, and forgets it.
func (p *pictured) downloads() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.opened {
		if strings.Contains(o, "/files/") {
			n++
		}
	}
	p.opened = nil
	return n
}

func TestImagesComeAfterThePagesAndAreLinkedAfterwards(t *testing.T) {
	tree, o := withPictures(workspace(1), "bl-1", "bl-2"), options(t)
	o.Incremental = true
	first := mustRun(t, tree, o, 0)
	if tree.had == 0 {
		t.Error("the late file came before the pages")
	}
	if n := tree.downloads(); n != 2 {
		t.Errorf("%d downloads", n)
	}
	mustVerify(t, o.Output, 0)
	second := mustRun(t, tree, o, 0)
	if n := tree.downloads(); n != 0 || second.Files != first.Files {
		t.Errorf("the second run has %d downloads, and %d files instead of %d", n, second.Files, first.Files)
	}
	withPictures(tree.memory, "bl-1", "bl-2", "bl-3")
	third := mustRun(t, tree, o, 0)
	if n := tree.downloads(); n != 1 || third.Files != first.Files+1 {
		t.Errorf("the third run has %d downloads, and %d files", n, third.Files)
	}
	for _, name := range []string{"files.json", "files/bl-1.png"} {
		a, b := statIn(t, o.Output, first.ID, name), statIn(t, o.Output, second.ID, name)
		if !os.SameFile(a, b) {
			t.Errorf("%s is no link", name)
		}
	}
	d, err := sealed.Diff(filepath.Join(o.Output, second.ID), filepath.Join(o.Output, third.ID))
	if err != nil || len(d.Added) != 1 || d.Added[0].Kind != fs.KindFile || len(d.Changed) != 1 || d.Changed[0].Kind != fs.KindFiles {
		t.Errorf("the difference is %+v, %v", d, err)
	}
	mustVerify(t, o.Output, 0)
}

func statIn(t *testing.T, output, id, name string) os.FileInfo {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(output, id, "docs", "*", filepath.FromSlash(name)))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v", name, found, err)
	}
	info, err := os.Stat(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestAnImageThatFailsIsAGapOfItsOwn(t *testing.T) {
	tree, o := withPictures(workspace(1), "bl-1", "bl-2"), options(t)
	path := ""
	for p := range tree.content {
		if strings.HasSuffix(p, "bl-2.png") {
			path = p
		}
	}
	tree.open = failing(map[string]error{path: iofs.ErrNotExist})
	s := mustRun(t, tree, o, 3)
	if len(s.Failures) != 1 || s.Failures[0].Kind != fs.KindFile || s.Failures[0].ObjectID != "bl-2" || s.Failures[0].Path != path {
		t.Errorf("failures: %+v", s.Failures)
	}
	o.AcceptGaps = []string{"bl-2"}
	mustRun(t, tree, o, 0)
}

// While files.json cannot be had, the images of the night before stay.
func TestImagesAreCarriedWhileTheirListIsMissing(t *testing.T) {
	tree, o := withPictures(workspace(1), "bl-1", "bl-2"), options(t)
	o.Incremental = true
	first := mustRun(t, tree, o, 0)
	tree.open = func(_ context.Context, path string) (io.ReadCloser, error) {
		if strings.HasSuffix(path, "files.json") {
			return nil, errors.New("no")
		}
		return nil, nil
	}
	second := mustRun(t, tree, o, 3)
	if second.Files != first.Files || len(second.Failures) != 1 || second.Failures[0].Kind != fs.KindFiles {
		t.Errorf("%d files instead of %d; %+v", second.Files, first.Files, second.Failures)
	}
	mustVerify(t, o.Output, 0)
}

// A snapshot from before there were files is the base of one that has them.
func TestFilesFromNowOnIsSaidOnce(t *testing.T) {
	plain, o := workspace(2), options(t)
	o.Incremental = true
	o.Selection = map[string]any{"names": "id"}
	mustRun(t, plain, o, 0)
	tree := withPictures(plain, "bl-1")
	o.Selection = map[string]any{"names": "id", "files": true, "html-pages": true}
	second := mustRun(t, tree, o, 0)
	if len(second.Warnings) != 1 || !strings.Contains(second.Warnings[0], "from now on") {
		t.Errorf("warnings: %q", second.Warnings)
	}
	if c := second.Contents; c.Docs.Changed+c.Pages.Changed+c.Tables.Changed > 0 {
		t.Errorf("changed: %+v", c)
	}
	if third := mustRun(t, tree, o, 0); len(third.Warnings) != 0 {
		t.Errorf("warnings: %q", third.Warnings)
	}
	o.Selection = map[string]any{"files": false}
	fourth := mustRun(t, workspace(2), o, 0)
	if len(fourth.Warnings) != 1 || !strings.Contains(fourth.Warnings[0], "without") {
		t.Errorf("warnings: %q", fourth.Warnings)
	}
}

// A run that was stopped among the images leaves those that it has, and the next run fetches the rest. What is shown no longer goes.
func TestImagesThatARunHasLeftAreTakenOver(t *testing.T) {
	tree, o := withPictures(workspace(1), "bl-1", "bl-2", "bl-3", "bl-4"), options(t)
	o.Concurrency = 1
	ctx, cancel := context.WithCancel(t.Context())
	tree.open = func(_ context.Context, path string) (io.ReadCloser, error) {
		if strings.HasSuffix(path, "bl-4.png") {
			cancel()
			return nil, context.Canceled
		}
		return nil, nil
	}
	if _, err := snapshot.Run(ctx, tree, o); err == nil {
		t.Fatal("the run was not stopped")
	}
	tree.open = nil
	tree.downloads()
	withPictures(tree.memory, "bl-2", "bl-3", "bl-4") // bl-1 is shown no longer
	s := mustRun(t, tree, o, 0)
	if n := tree.downloads(); n != 1 {
		t.Errorf("%d downloads", n)
	}
	if found, _ := filepath.Glob(filepath.Join(o.Output, s.ID, "docs", "*", "files", "*")); len(found) != 3 {
		t.Errorf("there are %q", found)
	}
	mustVerify(t, o.Output, 0)
}
