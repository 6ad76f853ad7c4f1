package coda_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest/openapitest"
	"github.com/codafs/codafs/coda/rest"
)

// recorded reads a file of answers of the real service. They are not part of this repository:
// CODAFS_RECORDED names their folder, else they lie beside the OpenAPI file.
func recorded(t *testing.T, name string, v any) {
	t.Helper()
	dir := os.Getenv("CODAFS_RECORDED")
	if file := os.Getenv(openapitest.Variable); dir == "" && file != "" {
		dir = filepath.Join(filepath.Dir(file), "recorded")
	}
	if dir == "" {
		t.Skip("neither CODAFS_RECORDED nor " + openapitest.Variable + " is set: no recorded answers to decode")
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

// sameAsSent asserts that each field that a typed item has holds what the JSON says: v is
// the item turned into JSON again, sent what came. A key that was not sent must be zero.
func sameAsSent(t *testing.T, path string, v, sent any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		sent, _ := sent.(map[string]any)
		for k := range v {
			sameAsSent(t, path+"."+k, v[k], sent[k])
		}
	case string:
		if was, ok := sent.(string); ok && v != was {
			a, err1 := time.Parse(time.RFC3339, v)
			b, err2 := time.Parse(time.RFC3339, was)
			if err1 != nil || err2 != nil || !a.Equal(b) {
				t.Errorf("%s is %q, %q was sent", path, v, was)
			}
		} else if sent == nil && v != "" && v != "0001-01-01T00:00:00Z" {
			t.Errorf("%s is %q, nothing was sent", path, v)
		}
	default:
		if zero := v == nil || reflect.ValueOf(v).IsZero(); !reflect.DeepEqual(v, sent) && !(zero && sent == nil) {
			t.Errorf("%s is %v, %v was sent", path, v, sent)
		}
	}
}

// compare asserts that nothing of an item was lost.
func compare(t *testing.T, item any, raw, sent json.RawMessage) {
	t.Helper()
	if string(raw) != string(sent) {
		t.Errorf("Raw is %s, %s was sent", raw, sent)
	}
	b, err := json.Marshal(item)
	if err != nil {
		t.Fatal(err)
	}
	var typed, asSent map[string]any
	if err := errors.Join(json.Unmarshal(b, &typed), json.Unmarshal(sent, &asSent)); err != nil {
		t.Fatal(err)
	}
	if len(typed) < 2 {
		t.Errorf("%T has no fields", item)
	}
	sameAsSent(t, fmt.Sprintf("%T", item), typed, asSent)
}

// listOf is a list's answer with recorded items.
func listOf(items []json.RawMessage) string {
	b, err := json.Marshal(items)
	if err != nil {
		panic(err) // they were read from JSON
	}
	return `{"items":` + string(b) + `}`
}

func TestRecordedDocsPagesAndTablesLoseNothing(t *testing.T) {
	var found struct {
		Doc    json.RawMessage   `json:"GET /docs item"`
		Pages  []json.RawMessage `json:"GET /docs/{docId}/pages items"`
		Tables []json.RawMessage `json:"GET /docs/{docId}/tables items"`
	}
	recorded(t, "rest-gasfakes-2026-09-14.json", &found)
	var older struct {
		Doc json.RawMessage `json:"GET /docs?isOwner=true item"`
	}
	recorded(t, "rest-dennislwm-doc.json", &older)
	ctx := t.Context()

	for _, sent := range []json.RawMessage{found.Doc, older.Doc} {
		var its struct{ ID string }
		if err := json.Unmarshal(sent, &its); err != nil {
			t.Fatal(err)
		}
		d := must[coda.Doc](t)(answering(t, 200, string(sent)).Doc(ctx, its.ID))
		compare(t, d, d.Raw, sent)
		if d.ID == "" || d.CreatedAt.IsZero() || d.DocSize.PageCount != 2 {
			t.Errorf("doc is %+v", d)
		}
	}
	pages := must[[]coda.Page](t)(collect(answering(t, 200, listOf(found.Pages)).Pages(ctx, doc)))
	if len(pages) != 2 || len(found.Pages) != 2 {
		t.Fatalf("%d pages from %d", len(pages), len(found.Pages))
	}
	for i, p := range pages {
		compare(t, p, p.Raw, compacted(t, found.Pages[i]))
		if p.ContentType != coda.ContentCanvas || p.UpdatedBy.Email == "" {
			t.Errorf("page is %+v", p)
		}
	}
	tables := must[[]coda.Table](t)(collect(answering(t, 200, listOf(found.Tables)).Tables(ctx, doc)))
	if len(tables) != 1 || tables[0].Parent == nil || tables[0].TableType == coda.TypeView {
		t.Fatalf("tables are %+v", tables)
	}
	compare(t, tables[0], tables[0].Raw, compacted(t, found.Tables[0]))
}

// compacted is what json.Marshal makes of a part of a list.
func compacted(t *testing.T, b json.RawMessage) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRecordedColumnsLoseNothing(t *testing.T) {
	var found struct {
		Tables []struct{ Columns []json.RawMessage }
	}
	recorded(t, "rest-columns-dennislwm.json", &found)
	n := 0
	for _, table := range found.Tables {
		for i, c := range table.Columns { // the ids were left out when they were recorded
			table.Columns[i] = fmt.Appendf(nil, `{"id":"c-%d",%s`, i, bytes.TrimLeft(bytes.TrimSpace(c), "{"))
		}
		columns := must[[]coda.Column](t)(collect(answering(t, 200, listOf(table.Columns)).Columns(t.Context(), doc, grid)))
		for i, c := range columns {
			compare(t, c, c.Raw, compacted(t, table.Columns[i]))
			n++
		}
		if len(columns) != len(table.Columns) {
			t.Errorf("%d columns from %d", len(columns), len(table.Columns))
		}
	}
	if n < 100 {
		t.Errorf("only %d columns were recorded", n)
	}
}

func TestRecordedAnswersAreUnderstood(t *testing.T) {
	var found struct {
		Exchanges []struct {
			Request string
			Status  int
			Body    json.RawMessage
		}
	}
	recorded(t, "rest-probes-mikeohyan-2026-09.json", &found)
	refused, lists := 0, 0
	for _, x := range found.Exchanges {
		var body struct {
			Message string
			Items   []json.RawMessage
		}
		if len(x.Body) == 0 || json.Unmarshal(x.Body, &body) != nil {
			continue
		}
		c := answering(t, x.Status, string(x.Body))
		switch {
		case x.Status >= 400:
			refused++
			_, err := c.Doc(t.Context(), doc)
			e := fails(t, err, map[int]rest.Code{400: rest.CodeBadRequest, 403: rest.CodeForbidden, 404: rest.CodeNotFound}[x.Status])
			if want := strings.Join(strings.Fields(body.Message), " "); !strings.HasPrefix(want, strings.TrimSuffix(e.Message, "…")) || e.Message == "" {
				t.Errorf("%s: message is %q, want %q", x.Request, e.Message, want)
			}
		case body.Items != nil:
			lists++
			rows, err := collect(c.Rows(t.Context(), doc, grid, coda.RowOptions{}))
			n := len(rows)
			if strings.Contains(x.Request, "content") {
				var lines []coda.Line
				lines, err = collect(c.Lines(t.Context(), doc, page))
				n = len(lines)
			}
			if err != nil || n != len(body.Items) {
				t.Errorf("%s: %d items, %v, want %d", x.Request, n, err, len(body.Items))
			}
		}
	}
	if refused < 6 || lists < 4 {
		t.Errorf("only %d refusals and %d lists were recorded", refused, lists)
	}
}
