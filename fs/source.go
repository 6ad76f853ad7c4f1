package fs

import (
	"context"
	"iter"

	"github.com/codafs/codafs/coda"
)

// Source has the requests that the tree needs. *coda.Client implements it. A list that breaks off ends with an error.
type Source interface {
	WhoAmI(ctx context.Context) (coda.User, error)
	Docs(ctx context.Context, f coda.DocFilter) iter.Seq2[coda.Doc, error]
	Doc(ctx context.Context, docID string) (coda.Doc, error)
	Pages(ctx context.Context, docID string) iter.Seq2[coda.Page, error]
	Tables(ctx context.Context, docID string) iter.Seq2[coda.Table, error]
	Table(ctx context.Context, docID, tableID string) (coda.Table, error)
	Columns(ctx context.Context, docID, tableID string) iter.Seq2[coda.Column, error]
	Rows(ctx context.Context, docID, tableID string, o coda.RowOptions) iter.Seq2[coda.Row, error]
	RowChanges(ctx context.Context, docID, tableID string, o coda.RowOptions, since string) (rows iter.Seq2[coda.Row, error], next func() string)
	Formulas(ctx context.Context, docID string) iter.Seq2[coda.Formula, error]
	Formula(ctx context.Context, docID, id string) (coda.Formula, error)
	Controls(ctx context.Context, docID string) iter.Seq2[coda.Control, error]
	Control(ctx context.Context, docID, id string) (coda.Control, error)
	Permissions(ctx context.Context, docID string) iter.Seq2[coda.Permission, error]
	Lines(ctx context.Context, docID, pageID string) iter.Seq2[coda.Line, error]
	ExportPage(ctx context.Context, docID, pageID string, f coda.Format) ([]byte, error)
}
