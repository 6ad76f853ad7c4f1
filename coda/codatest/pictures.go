package codatest

import "strings"

// The ids of Pictures that tests like to name.
const (
	PicturesDoc    = "P1cs--_doc"
	PicturesPage   = "canvas-Pasted-_01" // shows five blobs
	PicturesCover  = "canvas-Again-_02"  // shows one of them again, and a cover
	PicturesEvil   = "canvas-Hostile_03" // shows what is not to be fetched
	PicturesTable  = "grid-Pics--_01"
	BlobShared     = "bl-Shared-_01" // on two pages and in two cells
	BlobPhoto      = "bl-Photo--_02"
	BlobPDF        = "bl-Report-_03"
	BlobVideo      = "bl-Video-__04"
	BlobNameless   = "bl-NoName-_05"
	BlobCover      = "bl-Cover-__06"
	BlobCell       = "bl-Cell---_07" // in a cell alone
	BlobTwin       = "bl-cell---_07" // an id that differs by case, and the same name
	BlobDeleted    = "bl-Deleted_08"
	BlobFailed     = "bl-Failed-_09"
	BlobElsewhere  = "bl-Evil---_10" // the page says that it is on another host
	BlobImpossible = "../../bl-escape"
)

// Elsewhere is a host that is not the service's, and that pages of Pictures name.
const Elsewhere = "https://files.elsewhere.invalid"

// Pictures is a workspace of blobs in all the forms in which pages and cells show them. All ids are well formed but one.
func Pictures() *Workspace {
	d := &Doc{ID: PicturesDoc, Name: "Pictures", CreatedAt: day("2026-04-01"), Blobs: []*Blob{
		picture(BlobShared, "shared.png", chart(64, 48, .2, .5, .9)),
		{ID: BlobPhoto, Name: "IMG_0042.HEIC", Type: "image/heic", Width: 4032, Height: 3024, Content: Noise(2, 300_000)},
		{ID: BlobPDF, Name: "Report (final).pdf", Type: "application/pdf", Content: strings.NewReader(string(pdf("Report")))},
		{ID: BlobVideo, Name: "demo.mp4", Type: "video/mp4", Content: Noise(4, 200_000)},
		picture(BlobNameless, "", badge(24, 2)),
		picture(BlobCover, "cover.png", chart(96, 24, 1, .5)),
		picture(BlobCell, "Photo.png", badge(32, 3)),
		picture(BlobTwin, "photo.png", badge(32, 4)),
		{ID: BlobDeleted, Name: "gone.png", Type: "image/png", Status: "deleted"},
		{ID: BlobFailed, Name: "../half\nuploaded.png", Type: "image/png", Status: "failed"},
		{ID: BlobElsewhere, Name: "bait.png", Type: "image/png", URL: Elsewhere + "/docs/" + PicturesDoc + "/blobs/" + BlobElsewhere + "/0123456789abcdef"},
		{ID: BlobImpossible, Name: "escape.png", Type: "image/png"},
	}}
	d.Pages = []*Page{
		{ID: PicturesPage, Name: "Pasted", Body: "# Pasted\n\n![shared \"chart\" & more](blob:" + BlobShared + ")\n\nBetween the two.\n\n" +
			"Before ![IMG_0042](blob:" + BlobPhoto + ") after.\n\n![Report](blob:" + BlobPDF + ")\n\n![](blob:" + BlobVideo + ")\n\n![](blob:" + BlobNameless + ")\n"},
		{ID: PicturesCover, Name: "Again", Cover: BlobCover, Body: "Once more: ![the same](blob:" + BlobShared + ")\n"},
		{ID: PicturesEvil, Name: "Hostile", Body: "![bait](blob:" + BlobElsewhere + ")\n\n![escape](blob:" + BlobImpossible + ")\n\n" +
			"![a link](" + Elsewhere + "/tracker.gif)\n"},
		{ID: "canvas-TblPics_04", Name: "Table"},
	}
	d.Tables = []*Table{picturesTable(), {ID: "table-PicsView1", Name: "Without files", Parent: PicturesCover, Base: PicturesTable}}
	return &Workspace{
		ID: "ws-Pictures01", Name: "Pictures", User: Person{"Pic Torial", "pic@pictures.example"},
		Folders: []*Folder{{ID: "fl-Pictures01", Name: "My docs"}}, Docs: []*Doc{d},
	}
}

// picturesTable has a column of each type that may hold blobs. In its third row each stands where it does not belong.
func picturesTable() *Table {
	t := &Table{ID: PicturesTable, Name: "Cells", Parent: "canvas-TblPics_04", Columns: []*Column{
		{ID: "c-PicName-_1", Name: "Name", Format: Format{Type: "text"}},
		{ID: "c-PicImage_2", Name: "Image", Format: Format{Type: "image", Array: true}},
		{ID: "c-PicRefer_3", Name: "Reference", Format: Format{Type: "imageReference", Extra: map[string]any{"width": 100, "height": 100, "style": "auto"}}},
		{ID: "c-PicFiles_4", Name: "Files", Format: Format{Type: "attachments", Array: true}},
		{ID: "c-PicMixed_5", Name: "Mixed", Format: Format{Type: "imageAttachments", Array: true}},
		{ID: "c-PicOther_6", Name: "Other", Format: Format{Type: "other"}},
	}}
	row := func(id string, cells ...Value) {
		r := &Row{ID: id, Cells: map[string]Value{}}
		for i, v := range cells {
			r.Cells[t.Columns[i].ID] = v
		}
		t.Rows = append(t.Rows, r)
	}
	at := func(id string) Image { return Image{Blob: id} }
	outside := Image{Name: "outside.png", URL: Elsewhere + "/outside.png", Width: 1, Height: 1, Status: "live"}
	row("i-Pics-row-1", Text("first"), List{at(BlobShared), at(BlobCell)}, outside, List{at(BlobPDF), at(BlobDeleted)}, List{}, nil)
	row("i-Pics-row-2", Text("second"), List{}, at(BlobShared), List{Image{Blob: BlobFailed}}, List{at(BlobTwin), outside}, List{List{at(BlobPhoto)}, Text("nested")})
	row("i-Pics-row-3", List{at(BlobCell)}, Text("no image"), nil, Number("42"), Text(Elsewhere+"/text.png"))
	return t
}
