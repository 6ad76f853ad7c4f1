package coda_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	iofs "io/fs"
	"iter"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
)

// objects is small with n of each of a doc's smaller objects, and n folders.
func objects(n int) *codatest.Workspace {
	w := small()
	d := w.Docs[0]
	for i := range n {
		d.Formulas = append(d.Formulas, &codatest.Formula{ID: fmt.Sprintf("f-Formula-_%d", n-i), Name: fmt.Sprint("formula ", i), Parent: page,
			Value: codatest.List{codatest.Number("0.10"), codatest.Text("ü")}})
		d.Controls = append(d.Controls, &codatest.Control{ID: fmt.Sprintf("ctrl-_Cont%d", n-i), Name: fmt.Sprint("control ", i), Type: "slider",
			Value: codatest.Number("7")})
		d.Permissions = append(d.Permissions, &codatest.Permission{ID: fmt.Sprint("perm", n-i), Access: "comment",
			Principal: map[string]string{"type": "email", "email": "bob@small.example"}})
		w.Folders = append(w.Folders, &codatest.Folder{ID: fmt.Sprintf("fl-Folder-%d", n-i), Name: fmt.Sprint("folder ", i)})
	}
	return w
}

// raws gives the items of a list as they were sent.
func raws[T any](t *testing.T, seq iter.Seq2[T, error], raw func(T) json.RawMessage) (all []map[string]any) {
	t.Helper()
	for _, v := range must[[]T](t)(collect(seq)) {
		all = append(all, fields(t, raw(v)))
	}
	return all
}

func fields(t *testing.T, raw json.RawMessage) (f map[string]any) {
	t.Helper()
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatalf("Raw is %q: %v", raw, err)
	}
	return f
}

func TestListsOfObjectsComeWholeAndInOrder(t *testing.T) {
	const n = 5
	for _, size := range []int{1, 2, n, 0} {
		s := serve(t, objects(n), codatest.Options{PageSize: size}, coda.Options{Unlimited: true})
		ctx, d := t.Context(), objects(n).Docs[0]
		check := func(what string, items []map[string]any, typ string, want []string) {
			t.Helper()
			var got []string
			for _, f := range items {
				got = append(got, f["id"].(string))
				if typ != "" && f["type"] != typ {
					t.Errorf("%s: type is %v", what, f["type"])
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s in pages of %d: %v, want %v", what, size, got, want)
			}
		}
		check("formulas", raws(t, s.Formulas(ctx, doc), func(f coda.Formula) json.RawMessage { return f.Raw }), "formula",
			idOf(d.Formulas, func(f *codatest.Formula) string { return f.ID }))
		check("controls", raws(t, s.Controls(ctx, doc), func(c coda.Control) json.RawMessage { return c.Raw }), "control",
			idOf(d.Controls, func(c *codatest.Control) string { return c.ID }))
		check("permissions", raws(t, s.Permissions(ctx, doc), func(p coda.Permission) json.RawMessage { return p.Raw }), "",
			idOf(d.Permissions, func(p *codatest.Permission) string { return p.ID }))
		check("folders", raws(t, s.Folders(ctx), func(f coda.Folder) json.RawMessage { return f.Raw }), "folder",
			idOf(objects(n).Folders, func(f *codatest.Folder) string { return f.ID }))
		if size > 0 {
			if got, want := s.api.Count(nil), 4*((n+size-1)/size); got != want {
				t.Errorf("%d requests in pages of %d, want %d", got, size, want)
			}
		}
	}
}

func TestObjectsOfADocWithoutAnyAreEmptyLists(t *testing.T) {
	s := serve(t, small(), codatest.Options{}, coda.Options{Unlimited: true})
	f := must[[]coda.Formula](t)(collect(s.Formulas(t.Context(), doc)))
	c := must[[]coda.Control](t)(collect(s.Controls(t.Context(), doc)))
	p := must[[]coda.Permission](t)(collect(s.Permissions(t.Context(), doc)))
	if len(f)+len(c)+len(p) != 0 {
		t.Errorf("%v, %v, %v", f, c, p)
	}
}

// Lists have references; the value comes with the object alone.
func TestFormulaAndControlHaveTheirValues(t *testing.T) {
	s := serve(t, objects(2), codatest.Options{}, coda.Options{Unlimited: true})
	ctx := t.Context()
	ref := must[[]coda.Formula](t)(collect(s.Formulas(ctx, doc)))[0]
	if _, has := fields(t, ref.Raw)["value"]; has {
		t.Errorf("a reference has a value: %s", ref.Raw)
	}
	f := must[coda.Formula](t)(s.Formula(ctx, doc, "f-Formula-_2"))
	if v := fields(t, f.Raw)["value"]; fmt.Sprint(v) != "[0.1 ü]" || f.ID != "f-Formula-_2" || f.Name != "formula 0" {
		t.Errorf("formula is %+v: %s", f, f.Raw)
	}
	c := must[coda.Control](t)(s.Control(ctx, doc, "ctrl-_Cont1"))
	if got := fields(t, c.Raw); got["value"] != 7.0 || got["controlType"] != "slider" || c.ID != "ctrl-_Cont1" || c.Name != "control 1" {
		t.Errorf("control is %+v: %s", c, c.Raw)
	}
	_, err := s.Formula(ctx, doc, "f-NoSuchOne0")
	if e := fails(t, err, rest.CodeNotFound); !errors.Is(err, iofs.ErrNotExist) || e.Path != "/docs/"+doc+"/formulas/f-NoSuchOne0" {
		t.Errorf("%v", err)
	}
	_, err = s.Control(ctx, doc, "ctrl-NoSuch0")
	fails(t, err, rest.CodeNotFound)
}

func TestPermissionsAndWhatTheUserMayDo(t *testing.T) {
	s := serve(t, objects(1), codatest.Options{}, coda.Options{Unlimited: true})
	p := must[[]coda.Permission](t)(collect(s.Permissions(t.Context(), doc)))
	if len(p) != 1 || p[0].ID != "perm1" || p[0].Access != "comment" || fmt.Sprint(fields(t, p[0].Raw)["principal"]) != "map[email:bob@small.example type:email]" {
		t.Errorf("permissions are %+v", p)
	}
	m := must[coda.ACLMetadata](t)(s.ACLMetadata(t.Context(), doc))
	if !m.CanShare || !m.CanCopy || fields(t, m.Raw)["canShareWithOrg"] != true {
		t.Errorf("metadata is %s", m.Raw)
	}
	s.api.Fail(codatest.Fault{Path: ".*/acl/.*", Status: http.StatusUnauthorized})
	_, err := collect(s.Permissions(t.Context(), doc))
	fails(t, err, rest.CodeUnauthorized)
	_, err = s.ACLMetadata(t.Context(), doc)
	fails(t, err, rest.CodeUnauthorized)
}

func TestLinesAreThePagesTextInPieces(t *testing.T) {
	w := small()
	w.Docs[0].Pages[0].Body = "# Title\n\nSome *text*.\n\n- one\n  - [x] two\n\n> said\n\n```\n  code\n```\n\n| a | b |\n"
	want := []coda.LineContent{
		{Style: "h1", Text: "Title"}, {Style: "paragraph", Text: "Some text."}, {Style: "bulletedList", Text: "one"},
		{Style: "checkboxList", Text: "two", Level: 1}, {Style: "blockQuote", Text: "said"}, {Style: "code", Text: "  code"},
	}
	for _, size := range []int{1, 4, 0} {
		s := serve(t, w, codatest.Options{PageSize: size}, coda.Options{Unlimited: true})
		var got []coda.LineContent
		for _, l := range must[[]coda.Line](t)(collect(s.Lines(t.Context(), doc, page))) {
			if l.Type != "line" || l.ID == "" || fields(t, l.Raw)["id"] != l.ID {
				t.Errorf("line is %+v: %s", l, l.Raw)
			}
			got = append(got, l.Content)
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %+v, want %+v", size, got, want)
		}
		if r := s.api.Requests()[0]; r.Method != "GET" || r.Query.Encode() != "limit=500" {
			t.Errorf("sent %s with %s", r.Method, r.Query.Encode())
		}
	}
}

func TestResolveLinkFindsWhatALinkLeadsTo(t *testing.T) {
	w := small()
	s := serve(t, w, codatest.Options{}, coda.Options{Unlimited: true})
	link := "https://docs.superhuman.com/d/Small_d" + doc + "/Table#_tu" + grid + "/_rui-row3"
	l := must[coda.Link](t)(s.ResolveLink(t.Context(), link))
	if want := (coda.Resource{Type: "row", ID: "i-row3", Name: "one 3", Href: l.Resource.Href}); l.Resource != want || l.BrowserLink != link || len(l.Raw) == 0 {
		t.Errorf("link is %+v: %s", l, l.Raw)
	}
	if want := "https://coda.io/apis/v1/docs/" + doc + "/tables/" + grid + "/rows/i-row3"; l.Resource.Href != want {
		t.Errorf("href is %s, want %s", l.Resource.Href, want)
	}
	_, err := s.ResolveLink(t.Context(), "https://coda.io/d/_dNoSuchDoc0")
	fails(t, err, rest.CodeNotFound)
	_, err = s.ResolveLink(t.Context(), "https://elsewhere.example/d/_d"+doc)
	fails(t, err, rest.CodeBadRequest)
}

func TestMutationTellsWhenAWriteIsDone(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	w := small()
	w.Mutations = map[string]time.Time{"mutate:done": now, "mutate:queued": now.Add(time.Second)}
	s := serve(t, w, codatest.Options{Now: func() time.Time { return now }}, coda.Options{Unlimited: true})
	for id, want := range map[string]bool{"mutate:done": true, "mutate:queued": false} {
		m := must[coda.Mutation](t)(s.Mutation(t.Context(), id))
		if m.Completed != want || m.Warning != "" || len(m.Raw) == 0 {
			t.Errorf("%s is %s", id, m.Raw)
		}
	}
	_, err := s.Mutation(t.Context(), "mutate:unknown")
	fails(t, err, rest.CodeNotFound)
	if m, err := answering(t, 200, `{"completed":true,"warning":null}`).Mutation(t.Context(), "mutate:x"); err != nil || !m.Completed {
		t.Errorf("a warning that is null: %+v, %v", m, err)
	}
}

// Some other JSON must not pass for an object, nor for an empty list.
func TestOtherJSONIsNoneOfTheObjects(t *testing.T) {
	single := map[string]func(context.Context, *coda.Client) error{
		"formula":  func(ctx context.Context, c *coda.Client) error { _, err := c.Formula(ctx, doc, "f-1"); return err },
		"control":  func(ctx context.Context, c *coda.Client) error { _, err := c.Control(ctx, doc, "ctrl-1"); return err },
		"metadata": func(ctx context.Context, c *coda.Client) error { _, err := c.ACLMetadata(ctx, doc); return err },
		"link": func(ctx context.Context, c *coda.Client) error {
			_, err := c.ResolveLink(ctx, "https://coda.io/d/_dx")
			return err
		},
		"mutation": func(ctx context.Context, c *coda.Client) error { _, err := c.Mutation(ctx, "m"); return err },
	}
	lists := map[string]func(context.Context, *coda.Client) error{
		"formulas": func(ctx context.Context, c *coda.Client) error { _, err := collect(c.Formulas(ctx, doc)); return err },
		"controls": func(ctx context.Context, c *coda.Client) error { _, err := collect(c.Controls(ctx, doc)); return err },
		"permissions": func(ctx context.Context, c *coda.Client) error {
			_, err := collect(c.Permissions(ctx, doc))
			return err
		},
		"folders": func(ctx context.Context, c *coda.Client) error { _, err := collect(c.Folders(ctx)); return err },
		"lines": func(ctx context.Context, c *coda.Client) error {
			_, err := collect(c.Lines(ctx, doc, page))
			return err
		},
	}
	for _, body := range []string{``, `{}`, `null`, `[]`, `"x"`, `{"id":7,"canShare":"yes","completed":1,"resource":{}}`, `<html></html>`} {
		c := answering(t, 200, body)
		for name, call := range single {
			t.Run(name+" "+body, func(t *testing.T) { fails(t, call(t.Context(), c), rest.CodeBadAnswer) })
		}
		for name, call := range lists {
			t.Run(name+" "+body, func(t *testing.T) { fails(t, call(t.Context(), c), rest.CodeBadAnswer) })
		}
	}
}

// Only the start of an export tells that the token may not export.
func TestOnlyTheStartOfAnExportIsRefusedAsOne(t *testing.T) {
	for path, code := range map[string]rest.Code{".*/export": coda.CodeExportRefused, ".*/export/.*": rest.CodeForbidden} {
		s := serve(t, small(), codatest.Options{}, coda.Options{Unlimited: true})
		s.api.Fail(codatest.Fault{Path: path, Status: http.StatusForbidden})
		_, err := s.ExportPage(t.Context(), doc, page, coda.Markdown)
		if fails(t, err, code); !errors.Is(err, iofs.ErrPermission) {
			t.Errorf("%s: %v is no ErrPermission", path, err)
		}
	}
}
