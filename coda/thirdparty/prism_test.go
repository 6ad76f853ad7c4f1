//go:build unix

package thirdparty

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
)

// reads has a call for each way in which the client reads, by the method's name. It gives
// the value whose fields must be those of the example in the OpenAPI file; of a list
// that is the first item.
var reads = map[string]func(context.Context, *coda.Client) (any, error){
	"WhoAmI": func(ctx context.Context, c *coda.Client) (any, error) { return c.WhoAmI(ctx) },
	"Docs": func(ctx context.Context, c *coda.Client) (any, error) {
		return first(c.Docs(ctx, coda.DocFilter{OwnedOnly: true, WorkspaceID: "ws-1Ab234"}))
	},
	"Doc":    func(ctx context.Context, c *coda.Client) (any, error) { return c.Doc(ctx, doc) },
	"Pages":  func(ctx context.Context, c *coda.Client) (any, error) { return first(c.Pages(ctx, doc)) },
	"Tables": func(ctx context.Context, c *coda.Client) (any, error) { return first(c.Tables(ctx, doc)) },
	"Table":  func(ctx context.Context, c *coda.Client) (any, error) { return c.Table(ctx, doc, table) },
	"Columns": func(ctx context.Context, c *coda.Client) (any, error) {
		return first(c.Columns(ctx, doc, table))
	},
	"Rows": func(ctx context.Context, c *coda.Client) (any, error) {
		return first(c.Rows(ctx, doc, table, coda.RowOptions{}))
	},
	"RowChanges": func(ctx context.Context, c *coda.Client) (any, error) {
		rows, _ := c.RowChanges(ctx, doc, table, coda.RowOptions{}, "")
		return first(rows)
	},
	"Rows shown": func(ctx context.Context, c *coda.Client) (any, error) {
		return first(c.Rows(ctx, doc, table, coda.RowOptions{Visible: true}))
	},
	"Formulas":    func(ctx context.Context, c *coda.Client) (any, error) { return first(c.Formulas(ctx, doc)) },
	"Formula":     func(ctx context.Context, c *coda.Client) (any, error) { return c.Formula(ctx, doc, "f-fgHijkLm") },
	"Controls":    func(ctx context.Context, c *coda.Client) (any, error) { return first(c.Controls(ctx, doc)) },
	"Control":     func(ctx context.Context, c *coda.Client) (any, error) { return c.Control(ctx, doc, "ctrl-cDefGhij") },
	"Permissions": func(ctx context.Context, c *coda.Client) (any, error) { return first(c.Permissions(ctx, doc)) },
	"ACLMetadata": func(ctx context.Context, c *coda.Client) (any, error) { return c.ACLMetadata(ctx, doc) },
	"Folders":     func(ctx context.Context, c *coda.Client) (any, error) { return first(c.Folders(ctx)) },
	"Lines":       func(ctx context.Context, c *coda.Client) (any, error) { return first(c.Lines(ctx, doc, page)) },
	"ResolveLink": func(ctx context.Context, c *coda.Client) (any, error) {
		return c.ResolveLink(ctx, "https://docs.superhuman.com/d/_dAbCDeFGH/Launch-Status_sumnO")
	},
	"Mutation": func(ctx context.Context, c *coda.Client) (any, error) {
		return c.Mutation(ctx, "mutate:9f038510-be42-4d16-bccf-3468d38efd57")
	},
}

// notSent are the fields of a type that one of the calls that give it does not fill.
var notSent = map[string][]string{
	"Tables": {"parentTable", "rowCount", "filter", "createdAt", "updatedAt"}, // references only
}

// exports is the method that reads by several requests, which has a test of its own.
const exports = "ExportPage"

// The objects of the file's examples. The mock server answers the same for any id.
const (
	doc   = "AbCDeFGH"
	page  = "canvas-IjkLmnO"
	table = "grid-pqRst-U"
)

func TestTheClientReadsWhatTheOfficialFileSays(t *testing.T) {
	address := startPrism(t)
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			c, wire := newClient(t, address)
			got, err := read(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			filled(t, got, wire.item(t), notSent[name])
		})
	}
	t.Run(exports, func(t *testing.T) { exportOfTheOfficialFile(t, address) })
	t.Run("refusals", func(t *testing.T) { refusalsOfTheOfficialFile(t, address) })
}

func TestEachReadingMethodOfTheClientIsTried(t *testing.T) {
	tried := map[string]bool{exports: true}
	for name := range reads {
		method, _, _ := strings.Cut(name, " ")
		tried[method] = true
	}
	aContext := reflect.TypeFor[context.Context]()
	for m := range reflect.TypeFor[*coda.Client]().Methods() {
		_, anyService := reflect.TypeFor[*rest.Client]().MethodByName(m.Name)
		if asks := m.Type.NumIn() > 1 && m.Type.In(1) == aContext; asks && !anyService && !tried[m.Name] {
			t.Errorf("coda.Client.%s is missing in the table of reads", m.Name)
		}
	}
}

// exportOfTheOfficialFile follows an export to its end. The file's example of a status has
// both a link and an error; a link is what counts.
func exportOfTheOfficialFile(t *testing.T, address string) {
	c, wire := newClient(t, address)
	got, err := c.ExportPage(t.Context(), doc, page, coda.Markdown)
	if err != nil || string(got) != exported {
		t.Errorf("gave %q, %v", got, err)
	}
	const link = "https://docs.superhuman.com/blobs/DOC_EXPORT_RENDERING/some-request-id"
	if want := []string{link}; !slices.Equal(wire.downloads, want) {
		t.Errorf("downloaded %q, want %q", wire.downloads, want)
	}
}

// refusalsOfTheOfficialFile has the mock server answer with the file's examples of errors.
func refusalsOfTheOfficialFile(t *testing.T, address string) {
	for status, want := range map[int]rest.Code{
		400: rest.CodeBadRequest, 401: rest.CodeUnauthorized, 403: coda.CodeExportRefused,
		404: rest.CodeNotFound, 410: rest.CodeGone, 429: rest.CodeRateLimited,
	} {
		c, wire := newClient(t, address)
		wire.prefer = fmt.Sprintf("code=%d", status)
		// beginPageContentExport is the operation that declares all of these.
		_, err := c.ExportPage(t.Context(), doc, page, coda.HTML)
		if rest.CodeOf(err) != want {
			t.Errorf("status %d: error %v, want code %s", status, err, want)
		}
	}
}
