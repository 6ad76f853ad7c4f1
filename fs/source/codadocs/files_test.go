package codadocs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/png"
	iofs "io/fs"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

const pictures = "docs/Pictures__" + codatest.PicturesDoc + "/"

var withFiles = codadocs.Selection{Files: true}

func picturesTree(t *testing.T, sel codadocs.Selection) *treetest.Workspace {
	t.Helper()
	return treetest.New(t, codatest.Pictures(), treetest.Options{Select: sel})
}

// fileInfo is an item of files.json.
type fileInfo struct {
	ID, Name, Type, Status, Path string
	UsedBy                       []blob.Use `json:"used_by"`
}

func filesOf(t *testing.T, w *treetest.Workspace) (all []fileInfo) {
	t.Helper()
	text := read(t, w, pictures+"files.json")
	if regexp.MustCompile("://|[0-9a-f]{32}").MatchString(text) {
		t.Errorf("files.json has an address: %s", text)
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// nameOf is the name of a blob in files/.
func nameOf(t *testing.T, w *treetest.Workspace, id string) string {
	t.Helper()
	for _, f := range filesOf(t, w) {
		if f.ID == id {
			return strings.TrimPrefix(f.Path, "files/")
		}
	}
	t.Fatalf("no file %s", id)
	return ""
}

// bytesOf is what a blob of the workspace has.
func bytesOf(t *testing.T, w *treetest.Workspace, id string) []byte {
	t.Helper()
	for _, b := range w.State.Docs[0].Blobs {
		if b.ID == id {
			all := make([]byte, b.Content.Size())
			if _, err := b.Content.ReadAt(all, 0); err != nil && len(all) == 0 {
				t.Fatal(err)
			}
			return all
		}
	}
	t.Fatalf("no blob %s", id)
	return nil
}

func count(sent []string, part string) (n int) {
	for _, s := range sent {
		if strings.Contains(s, part) {
			n++
		}
	}
	return n
}

func TestFilesHaveTheBytesThatPagesAndCellsShow(t *testing.T) {
	w := picturesTree(t, withFiles)
	all := filesOf(t, w)
	var ids []string
	for _, f := range all {
		ids = append(ids, f.ID)
		missing := slices.Contains([]string{codatest.BlobDeleted, codatest.BlobFailed, codatest.BlobElsewhere}, f.ID)
		if missing != (f.Path == "") {
			t.Errorf("%s has the path %q", f.ID, f.Path)
		}
		if f.Path != "" && read(t, w, pictures+f.Path) != string(bytesOf(t, w, f.ID)) {
			t.Errorf("%s has other bytes", f.Path)
		}
		if strings.HasSuffix(f.Path, ".png") {
			if _, err := png.Decode(strings.NewReader(read(t, w, pictures+f.Path))); err != nil {
				t.Errorf("%s is no picture: %v", f.Path, err)
			}
		}
	}
	want := []string{codatest.BlobShared, codatest.BlobPhoto, codatest.BlobPDF, codatest.BlobVideo, codatest.BlobNameless, codatest.BlobCover,
		codatest.BlobCell, codatest.BlobTwin, codatest.BlobDeleted, codatest.BlobFailed, codatest.BlobElsewhere}
	slices.Sort(want)
	equal(t, "ids", ids, want)
	if leaks := w.Leaks(); len(leaks) > 0 {
		t.Errorf("a token went to %v", leaks)
	}
	listed, err := iofs.ReadDir(w.FS(t), pictures+"files")
	if err != nil || len(listed) != len(want)-3 {
		t.Errorf("files/ has %d names, %v", len(listed), err)
	}
	shared := all[slices.Index(ids, codatest.BlobShared)]
	if got := shared.UsedBy; len(got) != 5 || got[0].TableID != codatest.PicturesTable || got[4].PageID == "" {
		t.Errorf("%s is used by %v", shared.ID, got)
	}
	if got := w.Tree.Failures(); len(got) != 1 || got[0].ObjectID != codatest.BlobElsewhere || got[0].Kind != fs.KindFile {
		t.Errorf("gaps: %v", got)
	}
	if got := w.Tree.Warnings(); len(got) != 1 || !strings.Contains(got[0].Message, codatest.BlobImpossible) {
		t.Errorf("warnings: %v", got)
	}
}

// Each blob is fetched once, each page exported once for its HTML, and rows are read once more for a table that may show files.
func TestFilesCostOneExportAndOneDownload(t *testing.T) {
	w := picturesTree(t, withFiles)
	all := filesOf(t, w)
	sent := w.Sent(func() {
		for range 2 {
			for _, f := range all {
				if f.Path != "" {
					read(t, w, pictures+f.Path)
				}
			}
		}
		filesOf(t, w)
	})
	if len(sent) != 8 || count(sent, "/blobs/") != 8 {
		t.Errorf("sent: %v", sent)
	}
	// Another process has the same cache, and the pages' HTML is at hand.
	again := w.NewTree(w.Store, withFiles)
	if sent := w.Sent(func() {
		if _, err := iofs.ReadFile(fs.FS(t.Context(), again.Root()), pictures+"files/Report (final)__"+codatest.BlobPDF+".pdf"); err != nil {
			t.Error(err)
		}
		if _, err := iofs.ReadFile(fs.FS(t.Context(), again.Root()), pictures+"pages/Pasted__"+codatest.PicturesPage+".html"); err != nil {
			t.Error(err)
		}
	}); count(sent, "export") > 0 || count(sent, "/blobs/") > 0 {
		t.Errorf("a second process sent %v", sent)
	}
}

func TestAnIndexDoesNotCostContents(t *testing.T) {
	w := picturesTree(t, withFiles)
	tryExport(t, w)
	var found []fs.Entry
	sent := w.Sent(func() { found = index(t, w.Tree) })
	if count(sent, "export") > 0 || count(sent, "rows") > 0 || count(sent, "blobs") > 0 {
		t.Errorf("sent: %v", sent)
	}
	var files []fs.Entry
	for _, e := range found {
		if e.Kind == fs.KindFiles || e.Kind == fs.KindFile {
			files = append(files, e)
		}
	}
	if len(files) != 1 || files[0].Path != pictures+"files.json" || files[0].Version != "" || files[0].DocID != codatest.PicturesDoc {
		t.Errorf("the index has %v", files)
	}
	// Without the flag there is nothing.
	without := picturesTree(t, codadocs.Selection{})
	hasNot(t, walked(t, without), "/files")
	hasNot(t, walked(t, without), ".html")
}

// A walk that only looks at names and sizes of what is known downloads nothing.
func TestNamesOfFilesDownloadNothing(t *testing.T) {
	w := picturesTree(t, withFiles)
	filesOf(t, w)
	if sent := w.Sent(func() {
		for _, n := range mustEntries(t, folder(t, w, pictures+"files")) {
			f := n.(fs.File)
			v := version(t, f)
			if _, known := f.Size(v); known || f.Estimate(v) <= 0 || !v.ModTime.Equal(w.State.Docs[0].CreatedAt) {
				t.Errorf("%s: %v, size known: %v", f.Name(), v.ModTime, known)
			}
		}
	}); len(sent) > 0 {
		t.Errorf("sent: %v", sent)
	}
}

func mustEntries(t *testing.T, d fs.Dir) []fs.Node {
	t.Helper()
	all, err := d.Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAFileThatCannotBeFetchedFailsAlone(t *testing.T) {
	for what, fault := range map[string]codatest.Fault{
		"gone":         {Status: 404},
		"broken":       {Kind: codatest.Truncated},
		"a web page":   {Kind: codatest.HTML},
		"wrong length": {Kind: codatest.WrongLength},
		"sent away":    {Status: 302, Header: http.Header{"Location": {codatest.Elsewhere + "/stolen"}}},
	} {
		t.Run(what, func(t *testing.T) {
			for _, id := range []string{codatest.BlobPhoto, codatest.BlobCell, codatest.BlobPDF} {
				w := picturesTree(t, withFiles)
				fault.Path = "/docs/[^/]+/blobs/" + id + "/.*"
				w.Fail(fault)
				for _, f := range filesOf(t, w) {
					if f.Path == "" {
						continue
					}
					b, err := iofs.ReadFile(w.FS(t), pictures+f.Path)
					switch {
					case f.ID == id && err == nil:
						t.Errorf("%s was read", id)
					case f.ID == id && strings.Contains(err.Error(), "://"):
						t.Errorf("an address shows: %v", err)
					case f.ID != id && (err != nil || !bytes.Equal(b, bytesOf(t, w, f.ID))):
						t.Errorf("%s: %v", f.ID, err)
					}
				}
			}
		})
	}
}

// All addresses die; each place is asked once more, whatever it shows.
func TestADeadAddressIsGotAfreshOnce(t *testing.T) {
	w := picturesTree(t, withFiles)
	all := filesOf(t, w)
	w.ExpireBlobs()
	sent := w.Sent(func() {
		for _, f := range all {
			if f.Path != "" && read(t, w, pictures+f.Path) != string(bytesOf(t, w, f.ID)) {
				t.Errorf("%s has other bytes", f.ID)
			}
		}
	})
	// The table once, the two pages whose blobs are in no cell once; each blob twice.
	if got := count(sent, "POST "); got != 2 {
		t.Errorf("%d exports", got)
	}
	if got := count(sent, "/rows"); got != 1 {
		t.Errorf("rows were read %d times", got)
	}
	if got := count(sent, "/blobs/"); got != 16 {
		t.Errorf("%d downloads", got)
	}
	// The address alone is no new version of anything.
	before := version(t, file(t, w, pictures+"pages/Pasted__"+codatest.PicturesPage+".html"))
	if v := version(t, file(t, w, pictures+"files.json")); v.Young() || !before.Since.IsZero() {
		t.Errorf("%v, %v", v, before)
	}
}

func TestAFileOverTheLimitIsTooLarge(t *testing.T) {
	w := treetest.New(t, codatest.Pictures(), treetest.Options{Select: withFiles, Blobs: blob.Options{MaxSize: 250_000}})
	_, err := iofs.ReadFile(w.FS(t), pictures+"files/"+nameOf(t, w, codatest.BlobPhoto))
	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("the error is %v", err)
	}
}

// A page whose export fails tonight costs no picture; one of which nothing is known makes no shorter list.
func TestAPageThatFailsKeepsItsFiles(t *testing.T) {
	w := picturesTree(t, withFiles)
	before := filesOf(t, w)
	w.State.SetPageBody(codatest.PicturesDoc, codatest.PicturesPage, "Edited\n")
	w.Fail(codatest.Fault{Path: ".*/pages/" + codatest.PicturesPage + "/export", Status: 500})
	refresh(t, w)
	if after := filesOf(t, w); len(after) != len(before) {
		t.Errorf("%d files, %d before", len(after), len(before))
	}
	fresh := w.NewTree(treetest.Memory(t), withFiles)
	if all, err := iofs.ReadDir(fs.FS(t.Context(), fresh.Root()), pictures+"files"); err == nil {
		t.Errorf("a list of %d files, though a page is not known", len(all))
	}
}

// With a token that may not export, files of tables come, and pages cost no failure each for the HTML that nobody asked for by itself.
func TestATokenThatMayNotExportHasTheFilesOfTables(t *testing.T) {
	w := picturesTree(t, withFiles)
	w.Fail(noExports)
	tryExport(t, w)
	var ids []string
	for _, f := range filesOf(t, w) {
		ids = append(ids, f.ID)
		for _, u := range f.UsedBy {
			if u.PageID != "" && f.ID != codatest.BlobCover { // covers are in the list of pages
				t.Errorf("%s is used by a page", f.ID)
			}
		}
	}
	for _, id := range []string{codatest.BlobShared, codatest.BlobCell, codatest.BlobCover} {
		if !slices.Contains(ids, id) {
			t.Errorf("%s is missing from %v", id, ids)
		}
	}
	if slices.Contains(ids, codatest.BlobVideo) {
		t.Error("a page's video is there")
	}
	hasNot(t, walked(t, w), ".html")
	for _, e := range index(t, w.Tree) {
		if e.Failure != nil {
			t.Errorf("a gap: %+v", e)
		}
	}
}
