package codatext

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/fs"
)

func live(id, name, mimeType string) blob.File {
	return blob.File{ID: id, Name: name, Type: mimeType, Status: blob.Live, Address: blob.NewAddress("https://codahosted.io/docs/D/blobs/" + id + "/ff")}
}

func TestAFileIsNamedByItsNameAndItsID(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, c := range []struct{ name, mimeType, want string }{
		{"chart.png", "image/png", "chart__bl-1.png"},
		{"IMG_0042.HEIC", "image/heic", "IMG_0042__bl-1.HEIC"},
		{"Report (final).pdf", "", "Report (final)__bl-1.pdf"},
		{"archive.tar.gz", "application/gzip", "archive.tar__bl-1.gz"},
		{"chart", "image/png", "chart__bl-1.png"},
		{"chart", "IMAGE/PNG; charset=binary", "chart__bl-1.png"},
		{"chart", "image/x-unknown", "chart__bl-1"},
		{"", "image/jpeg", "Untitled__bl-1.jpg"},
		{"", "", "Untitled__bl-1"},
		{".png", "", "Untitled__bl-1.png"},
		{"v1.2 of the plan", "application/pdf", "v1.2 of the plan__bl-1.pdf"},
		{"seventeen.abcdefghijklmnopq", "", "seventeen.abcdefghijklmnopq__bl-1"},
		{"sixteen.abcdefghijklmnop", "", "sixteen__bl-1.abcdefghijklmnop"},
		{"a.пдф", "", "a.пдф__bl-1"},
		{"trailing.", "image/png", "trailing__bl-1.png"},
		{"../../etc/passwd", "", "___.._etc_passwd__bl-1"},
		{"../pho/to.heic", "", "___pho_to__bl-1.heic"},
		{"CON.png", "", "CON___bl-1.png"},
		{"two\nlines.png", "", "two_lines__bl-1.png"},
		{"rtl\u202egnp.exe", "", "rtlgnp__bl-1.exe"},
		{long + ".png", "", long[:80] + "__bl-1.png"},
	} {
		if got := FileNames(fs.NamesID, []blob.File{live("bl-1", c.name, c.mimeType)}); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%q of type %q is named %q, want %q", c.name, c.mimeType, got, c.want)
		}
	}
}

// A name is as long as a file system takes, whatever its parts are.
func TestAFilesNameFits(t *testing.T) {
	upper, lower := strings.Repeat("A", 128), strings.Repeat("a", 128)
	name := strings.Repeat("長", 100) + "." + strings.Repeat("z", 16)
	for _, got := range FileNames(fs.NamesID, []blob.File{live(upper, name, ""), live(lower, name, "")}) {
		if len(got) > 255 || !strings.Contains(got, "~") {
			t.Errorf("%d bytes: %s", len(got), got)
		}
	}
}

func TestOnlyWhatIsFetchedHasAName(t *testing.T) {
	files := []blob.File{live("bl-1", "a.png", ""), live("bl-2", "gone.png", ""), live("bl-3", "foreign.png", ""), live("bl-4", "a.png", ""), live("bl-5", "A.png", "")}
	files[1].Status, files[2].Problem = "deleted", blob.ErrForeignHost
	if got, want := FileNames(fs.NamesID, files), []string{"a__bl-1.png", "", "", "a__bl-4.png", "A__bl-5.png"}; !slices.Equal(got, want) {
		t.Errorf("by id: %q, want %q", got, want)
	}
	if got, want := FileNames(fs.NamesTitle, files[1:4]), []string{"", "", "a.png"}; !slices.Equal(got, want) {
		t.Errorf("by title, alone: %q, want %q", got, want)
	}
	if got, want := FileNames(fs.NamesTitle, files), []string{"a__bl-1.png", "", "", "a__bl-4.png", "A__bl-5.png"}; !slices.Equal(got, want) {
		t.Errorf("by title: %q, want %q", got, want)
	}
}

func TestFilesJSON(t *testing.T) {
	files := []blob.File{live("bl-1", `<"a" & b>.png`, "image/png"), live("bl-2", "", "")}
	files[0].UsedBy = []blob.Use{{TableID: "grid-1", RowID: "i-1", ColumnID: "c-1"}, {PageID: "canvas-1"}}
	files[1].Status, files[1].UsedBy = "failed", []blob.Use{{PageID: "canvas-1"}}
	var b strings.Builder
	if err := FilesJSON(&b, files, []string{"a__bl-1.png", ""}); err != nil {
		t.Fatal(err)
	}
	want := `[
  {
    "id": "bl-1",
    "name": "<\"a\" & b>.png",
    "type": "image/png",
    "status": "live",
    "path": "files/a__bl-1.png",
    "used_by": [
      {
        "table_id": "grid-1",
        "row_id": "i-1",
        "column_id": "c-1"
      },
      {
        "page_id": "canvas-1"
      }
    ]
  },
  {
    "id": "bl-2",
    "name": "",
    "type": "",
    "status": "failed",
    "used_by": [
      {
        "page_id": "canvas-1"
      }
    ]
  }
]
`
	if b.String() != want {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
	if strings.Contains(b.String(), "codahosted") || !json.Valid([]byte(b.String())) {
		t.Error("an address, or no JSON")
	}
	b.Reset()
	if err := FilesJSON(&b, nil, nil); err != nil || b.String() != "[]\n" {
		t.Errorf("without blobs: %q, %v", b.String(), err)
	}
}
