package codatest

import (
	"bytes"
	"embed"
	"encoding/csv"
	"slices"
	"strings"
	"time"
)

// The prose and the rows of the sample workspace. Its pictures are drawn (draw.go).
//
//go:embed sample
var sampleFiles embed.FS

// The ids of Sample that tests like to name.
const (
	SampleDoc     = "AbCdE-fgH1"        // Product Launch Hub
	SampleRoadmap = "grid-Rm4_pq-T2x"   // the roadmap, a table
	SamplePage    = "canvas-_Lp20Plan0" // Launch plan
)

// Sample is the workspace that --demo shows: a product team's hub, their customer research
// and handbook, and a doc that somebody shared with them. Nothing in it depends on the clock.
func Sample() *Workspace {
	return &Workspace{
		ID: "ws-Tide-mark1", Name: "Tidemark", User: staff("Mei-Lin Zhao"),
		Folders: []*Folder{
			{ID: "fl-uLFmBA1_Aq", Name: "My docs", CreatedAt: day("2025-05-05")},
			{ID: "fl-_Launch26x", Name: "Launch 2026", Starred: true, CreatedAt: day("2026-01-05")},
		},
		Docs: []*Doc{launchHub(), research(), handbook(), allHands()},
		Mutations: map[string]time.Time{
			"mutate:5d2149ec-0e6b-41ff-bafc-4e118484259d": day("2026-03-18"),
		},
	}
}

func launchHub() *Doc {
	const notes, archive, launchBanner = "canvas-Notes-2026", "canvas-OldPosit25", "bl-LnchBanner"
	return &Doc{
		ID: SampleDoc, Name: "Product Launch Hub", Folder: "fl-_Launch26x", Icon: "rocket", Starred: true,
		CreatedAt: day("2026-01-05"), UpdatedAt: moment("2026-03-18T16:20:31.482Z"),
		Pages: []*Page{
			withCover(launchBanner, prose("canvas-Ijk_Status1", "Launch status", "", "launch-status", "2026-03-18")),
			prose(SamplePage, "Launch plan", "", "launch-plan", "2026-03-11"),
			prose(notes, "Meeting notes", "", "meeting-notes", "2026-02-03"),
			prose("canvas-Gonogo-317", "2026-03-17 Go / no-go", notes, "go-no-go", "2026-03-17"),
			prose("canvas-TenQuest_s", "The ten likeliest questions", "canvas-Gonogo-317", "go-no-go-questions", "2026-03-16"),
			prose("canvas-Pricing217", "2026-02-17 Pricing review", notes, "pricing-review", "2026-02-17"),
			prose("canvas--Kickoff23", "2026-02-03 Kickoff", notes, "kickoff", "2026-02-03"),
			prose("canvas-RoadMap-_1", "Roadmap", "", "roadmap", "2026-02-02"),
			prose("canvas-People_abc", "People", "", "people", "2026-01-12"),
			prose("canvas-OKRs-H1-26", "OKRs", "", "okrs", "2026-01-19"),
			prose("canvas-Groesse-_z", "Größe zeigen — 発売計画 🚀", "", "messaging", "2026-03-05"),
			{ID: "canvas-FigmaBoard", Name: "Design board (Figma)", Type: "embed", CreatedAt: day("2026-01-26")},
			{
				ID: archive, Name: "Archive: old positioning", Hidden: true, Body: file("old-positioning.md"),
				CreatedAt: day("2025-11-03"),
			},
			prose("canvas-OldTagline", "Old taglines", archive, "old-taglines", "2025-11-04"),
		},
		Blobs: []*Blob{
			picture("bl-BetaWeeks1", "beta-weeks.png", chart(320, 160, .08, .12, .2, .27, .41, .62)),
			picture(launchBanner, "banner.png", chart(480, 60, .3, .5, .4, .7, .6, .9, .8, 1)),
		},
		Tables:   launchTables(),
		Formulas: []*Formula{{ID: "f-DaysToLnch", Name: "DaysToLaunch", Parent: "canvas-Ijk_Status1", Value: Number("6")}},
		Controls: []*Control{
			{ID: "ctrl-Quarter_01", Name: "quarter", Parent: "canvas-RoadMap-_1", Type: "select", Value: Text("2026 Q1")},
			{ID: "ctrl-ShowDone01", Name: "showDone", Parent: "canvas-RoadMap-_1", Type: "checkbox", Value: Bool(true)},
		},
		Permissions: []*Permission{
			{ID: "AbCdE1", Access: "write", Principal: map[string]string{"type": "email", "email": staff("Priya Raman").Email}},
			{ID: "AbCdE2", Access: "comment", Principal: map[string]string{"type": "domain", "domain": "tidemark.example"}},
		},
	}
}

func launchTables() []*Table {
	const people, okrs, roadmapPage = "grid-Ppl-0aB_cd9", "grid-_OKRs1stHf", "canvas-RoadMap-_1"
	peopleTable := csvTable(people, "People", "canvas-People_abc", "people.csv", map[string]Format{
		"Person": personFormat, "Started": dateFormat, "Hours a week": numberFormat, "City": {Type: "select"},
	})
	okrTable := csvTable(okrs, "OKRs", "canvas-OKRs-H1-26", "okrs.csv", map[string]Format{
		"Owner": lookupFormat(people), "Objective": {Type: "select"}, "Target": numberFormat, "Now": numberFormat,
		"Score":      {Type: "slider", Extra: map[string]any{"minimum": 0, "maximum": 1, "step": 0.1, "displayType": "progress", "showValue": true}},
		"Confidence": {Type: "scale", Extra: map[string]any{"maximum": 5, "icon": "star"}},
	}, peopleTable)
	roadmap := csvTable(SampleRoadmap, "Roadmap", roadmapPage, "roadmap.csv", map[string]Format{
		"Owner": lookupFormat(people), "Key result": lookupFormat(okrs), "Status": statusFormat,
		"Quarter": {Type: "select"}, "Areas": {Type: "select", Array: true}, "Priority": numberFormat,
		"Effort": {Type: "duration", Extra: map[string]any{"precision": 0, "maxUnit": "days"}},
		"Start":  dateFormat, "Ship": dateFormat, "Budget": dollars, "Progress": percentFormat,
		"Done": checkFormat, "Spec": {Type: "link", Extra: map[string]any{"display": "title", "force": false}},
	}, peopleTable, okrTable)
	roadmap.UpdatedAt = moment("2026-03-18T16:20:31.482Z")
	roadmap.Columns = append(roadmap.Columns, &Column{
		ID: shortID("c-", "roadmap", "nudge"), Name: "Nudge owner",
		Format: Format{Type: "button", Extra: map[string]any{"label": "Nudge", "action": "NotifyUser(thisRow.Owner, thisRow.Feature)"}},
	})
	for _, r := range roadmap.Rows {
		r.Cells[roadmap.Columns[len(roadmap.Columns)-1].ID] = Button("Nudge")
	}
	cell := func(r *Row, column string) string { return plain(&Doc{}, r.Cells[roadmap.column(column).ID]) }
	byShip := func(a, b *Row) int { return strings.Compare(cell(a, "Ship"), cell(b, "Ship")) }
	return []*Table{
		roadmap,
		{
			ID: "table-Q1-Ships_0", Name: "Ships this quarter", Parent: roadmapPage, Base: roadmap.ID, Layout: "card",
			Hidden: []string{roadmap.column("Budget").ID, roadmap.column("Nudge owner").ID},
			Filter: func(r *Row) bool { return cell(r, "Quarter") == "2026 Q1" }, Order: byShip,
			Sorts:     []Sort{{Column: roadmap.column("Ship").ID}},
			CreatedAt: day("2026-01-06"),
		},
		{
			ID: "table--AtRisk-_1", Name: "At risk", Parent: "canvas-Ijk_Status1", Base: roadmap.ID,
			Filter: func(r *Row) bool { return cell(r, "Status") == "At risk" }, Order: byShip,
			CreatedAt: day("2026-02-10"),
		},
		{
			ID: "table-Detail_rdm", Name: "Roadmap details", Parent: roadmapPage, Base: roadmap.ID, Layout: "detail",
			CreatedAt: day("2026-02-11"),
		},
		peopleTable, okrTable,
	}
}

func research() *Doc {
	const top = "canvas-Rsrch-2026"
	interviews := csvTable("grid-Intrvw-_26", "Interviews", "canvas-Interviews", "interviews.csv", map[string]Format{
		"Date": dateFormat, "Length": {Type: "duration"}, "Seats": numberFormat, "Plan": {Type: "select"}, "Follow up": checkFormat,
	})
	// What people gave us, by the row's number. The drawing is on the page of the interview too.
	attach(interviews, "Files", map[int][]string{0: {"bl-HarborPlan"}, 1: {"bl-SolbergPic", "bl-SolbergPdf"}})
	return &Doc{
		ID: "Rs_ch26-Kq", Name: "Customer Research — Frühjahr 2026", CreatedAt: day("2026-02-02"),
		Pages: []*Page{
			prose(top, "Read me first", "", "research-readme", "2026-03-09"),
			prose("canvas-Harbor_212", "Harbor Logistics", top, "interview-harbor", "2026-02-12"),
			prose("canvas-Solberg219", "Solberg & Sønner", top, "interview-solberg", "2026-02-19"),
			prose("canvas-Kitano_226", "北野デザイン", top, "interview-kitano", "2026-02-26"),
			{ID: "canvas-Interviews", Name: "Interviews", CreatedAt: day("2026-02-02")},
		},
		Blobs: []*Blob{
			picture("bl-HarborPlan", "shift plan.png", chart(240, 120, .5, .9, .7, .8, .4, .6)),
			picture("bl-SolbergPic", "shed.png", badge(120, 5)),
			{ID: "bl-SolbergPdf", Name: "Solberg & Sønner, what we print.pdf", Type: "application/pdf", Content: bytes.NewReader(pdf(
				"What we print", "", "- the page of each boat that leaves the shed", "- the list of parts (twice: one gets wet)", "- nothing else"))},
		},
		Tables: []*Table{interviews},
	}
}

// attach adds a column of attachments to a table, and gives rows, by their numbers, their blobs.
func attach(t *Table, name string, blobs map[int][]string) {
	c := &Column{ID: shortID("c-", t.ID, name), Name: name, Format: Format{Type: "attachments", Array: true}}
	t.Columns = append(t.Columns, c)
	for i, r := range t.Rows {
		files := List{}
		for _, id := range blobs[i] {
			files = append(files, Image{Blob: id})
		}
		r.Cells[c.ID] = files
	}
}

func handbook() *Doc {
	return &Doc{
		ID: "TmHndBk_-1", Name: "Team Handbook", CreatedAt: day("2025-05-05"), Published: "view",
		Pages: []*Page{
			prose("canvas-Welcome_01", "Welcome", "", "handbook-welcome", "2025-12-01"),
			prose("canvas-HowDecide1", "How we decide", "", "handbook-decide", "2025-09-15"),
			prose("canvas-OnCall--01", "On call", "", "handbook-oncall", "2026-02-16"),
			{ID: "canvas-Sync_Plan0", Name: "Launch plan (synced)", Type: "syncPage", CreatedAt: day("2026-02-16")},
		},
		Blobs: []*Blob{picture("bl-TideBadge1", "tidemark.png", badge(96, 4))},
		Tables: []*Table{csvTable("grid-OnCall_Sch", "On-call schedule", "canvas-OnCall--01", "oncall.csv", map[string]Format{
			"From":   {Type: "dateTime", Extra: map[string]any{"dateFormat": "YYYY-MM-DD", "timeFormat": "HH:mm"}},
			"Person": personFormat, "Stand-in": personFormat, "Pages": numberFormat, "Slept well": checkFormat,
		})},
	}
}

func allHands() *Doc {
	return &Doc{
		ID: "Sh4red-d0c", Name: "Company All-Hands", Owner: Person{"Ruth Adler", "ruth@tidemark.example"}, Folder: "fl-_Launch26x",
		CreatedAt: day("2026-03-02"),
		Pages:     []*Page{prose("canvas-AllHands-3", "March 2026", "", "all-hands", "2026-03-03")},
	}
}

// prose is a page whose text is a file of the sample, last changed on a day.
func prose(id, name, parent, from, changed string) *Page {
	created := day(changed).AddDate(0, 0, -7)
	return &Page{ID: id, Name: name, Parent: parent, Body: file(from + ".md"), CreatedAt: created, UpdatedAt: day(changed)}
}

func withCover(blob string, p *Page) *Page {
	p.Cover = blob
	return p
}

func file(name string) string {
	b, err := sampleFiles.ReadFile("sample/" + name)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// staff is a person of the sample by name.
func staff(name string) Person {
	first, _, _ := strings.Cut(strings.ToLower(name), " ")
	mail := strings.NewReplacer("á", "a", "ë", "e", "í", "i", "ø", "o").Replace(first)
	return Person{name, mail + "@tidemark.example"}
}

// csvTable is a table whose rows are a file of the sample. Columns are text where formats
// doesn't say otherwise; lookups find their rows by name in the tables given.
func csvTable(id, name, parent, from string, formats map[string]Format, others ...*Table) *Table {
	records, err := csv.NewReader(strings.NewReader(file(from))).ReadAll()
	if err != nil {
		panic(err)
	}
	created := day("2026-01-12").Add(9 * time.Hour)
	t := &Table{ID: id, Name: name, Parent: parent, CreatedAt: created}
	for _, header := range records[0] {
		f, ok := formats[header]
		if !ok {
			f = Format{Type: "text"}
		}
		t.Columns = append(t.Columns, &Column{ID: shortID("c-", id, header), Name: header, Format: f})
	}
	for i, record := range records[1:] {
		r := &Row{ID: shortID("i-", id, record[0]), CreatedAt: created.Add(time.Duration(i) * time.Minute), Cells: map[string]Value{}}
		for j, s := range record {
			r.Cells[t.Columns[j].ID] = parseCell(s, t.Columns[j].Format, others)
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// parseCell reads a cell of a CSV file of the sample. Members of a list stand between semicolons.
func parseCell(s string, f Format, others []*Table) Value {
	if s == "" {
		return nil
	}
	if f.Array {
		var l List
		for m := range strings.SplitSeq(s, ";") {
			l = append(l, parseCell(m, Format{Type: f.Type}, others))
		}
		return l
	}
	switch f.Type {
	case "number", "percent", "slider", "scale":
		return Number(s)
	case "checkbox":
		return Bool(s == "true")
	case "currency":
		return Money{Number(s), "USD", "$" + s}
	case "date":
		return Stamp{day(s)}
	case "dateTime":
		return Stamp{moment(s)}
	case "duration":
		d, err := time.ParseDuration(s)
		if err != nil {
			panic(err)
		}
		return Duration(d)
	case "person":
		return staff(s)
	case "link":
		return Link{Name: s[strings.LastIndex(s, "/")+1:], URL: s}
	case "lookup":
		i := slices.IndexFunc(others, func(t *Table) bool { return t.ID == f.Table })
		return Ref{f.Table, shortID("i-", others[i].ID, s)}
	}
	return Text(s)
}

var (
	numberFormat  = Format{Type: "number", Extra: map[string]any{"precision": 2, "useThousandsSeparator": true}}
	percentFormat = Format{Type: "percent", Extra: map[string]any{"precision": 0, "useThousandsSeparator": false}}
	dollars       = Format{Type: "currency", Extra: map[string]any{"currencyCode": "USD", "precision": 2, "format": "currency"}}
	dateFormat    = Format{Type: "date", Extra: map[string]any{"format": "YYYY-MM-DD"}}
	checkFormat   = Format{Type: "checkbox", Extra: map[string]any{"displayType": "check"}}
	// A person column points to a table that no listing shows.
	personFormat = Format{Type: "person", Table: "grid-sync-1-User"}
	statusFormat = Format{Type: "select", Extra: map[string]any{"options": []map[string]string{
		{"name": "Idea", "foregroundColor": "#5C5C5C", "backgroundColor": "#F0F0F0"},
		{"name": "Planned", "foregroundColor": "#0F58BD", "backgroundColor": "#DDEDFD"},
		{"name": "In progress", "foregroundColor": "#8B6C1D", "backgroundColor": "#FDF3D8"},
		{"name": "At risk", "foregroundColor": "#A12B2B", "backgroundColor": "#F8E3E3"},
		{"name": "Done", "foregroundColor": "#187B34", "backgroundColor": "#E2F8E8"},
	}}}
)

func lookupFormat(table string) Format { return Format{Type: "lookup", Table: table} }

func day(s string) time.Time { return moment(s + "T00:00:00-08:00") }

func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}
