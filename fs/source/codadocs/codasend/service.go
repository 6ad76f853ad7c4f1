package codasend

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"slices"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/coda/write"
	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/edit/outbox"
)

// Service implements [outbox.Service]. It is for one goroutine.
type Service struct {
	// Reads asks Coda, Latest with 'X-Coda-Doc-Version: latest'; Writes sends.
	Reads, Latest, Writes *coda.Client
	// NewOptions lets select columns take values that are none of their options.
	NewOptions bool

	texts []string // the ids of the text columns of the table that was last read
}

// Batches implements [outbox.Service]: inserts go as many at a time as Coda takes, deletes together, each update alone.
func (s *Service) Batches(edits []edit.Edit, places []int) (batches [][]int) {
	var inserts []write.Row
	var of, deletes []int
	for _, i := range places {
		switch edits[i].Op {
		case edit.Insert, edit.Upsert: // a plan has only one of them
			inserts, of = append(inserts, rowOf(edits[i])), append(of, i)
		case edit.Delete:
			deletes = append(deletes, i)
		default:
			batches = append(batches, []int{i})
		}
	}
	for _, b := range write.Batches(inserts) {
		batches, of = append(batches, of[:len(b):len(b)]), of[len(b):]
	}
	return slices.AppendSeq(batches, slices.Chunk(deletes, write.MaxRows))
}

func rowOf(e edit.Edit) (r write.Row) {
	r.Cells = []write.Cell{}
	for _, c := range e.Cells {
		r.Cells = append(r.Cells, write.Cell{Column: c.Column, Value: c.Value})
	}
	return r
}

func rowsOf(edits []edit.Edit) []write.Row {
	rows := make([]write.Row, len(edits))
	for i := range edits {
		rows[i] = rowOf(edits[i])
	}
	return rows
}

// TooLarge reports whether Coda would refuse a row for its size, and what that is.
func TooLarge(e edit.Edit) (size int, yes bool) {
	size = rowOf(e).Size()
	return size, e.Op != edit.Delete && size > write.MaxRow
}

// Send implements [outbox.Service].
func (s *Service) Send(ctx context.Context, o outbox.Object, edits []edit.Edit) (r outbox.Receipt, err error) {
	var a write.Accepted
	switch e := edits[0]; e.Op {
	case edit.Update:
		a, err = write.UpdateRow(ctx, s.Writes, o.Doc, o.ID, e.Key, rowOf(e))
		a.IDs = nil // the row's own
	case edit.Upsert:
		a, err = write.InsertRows(ctx, s.Writes, o.Doc, o.ID, rowsOf(edits), e.Keys...)
		a.IDs = nil // Coda names none
	case edit.Insert:
		rows := rowsOf(edits)
		a, err = write.InsertRows(ctx, s.Writes, o.Doc, o.ID, rows)
		if err == nil && len(a.IDs) != len(rows) {
			return r, fmt.Errorf("%w: Coda names %d rows of %d", outbox.ErrUnsure, len(a.IDs), len(rows))
		}
	case edit.Delete:
		var keys []string
		for _, e := range edits {
			keys = append(keys, e.Key)
		}
		a, err = write.DeleteRows(ctx, s.Writes, o.Doc, o.ID, keys)
		a.IDs = nil
	default:
		return r, fmt.Errorf("%w: %s is nothing that is done to a table", outbox.ErrRefused, e.Op)
	}
	return outbox.Receipt{Request: a.RequestID, IDs: a.IDs}, judged(err)
}

// judged says of an error of a write what became of it.
func judged(err error) error {
	e, ok := errors.AsType[*rest.Error](err)
	switch {
	case !ok:
		return err
	case e.Unsure:
		return fmt.Errorf("%w: %w", outbox.ErrUnsure, err)
	case e.Code == rest.CodeBadRequest:
		return fmt.Errorf("%w: %w", outbox.ErrRefused, err)
	case errors.Is(err, iofs.ErrNotExist):
		return fmt.Errorf("%w: %w", outbox.ErrGone, err)
	}
	return err
}

// Done implements [outbox.Service]. In the first seconds Coda may not know the write yet; after a day it forgets it.
func (s *Service) Done(ctx context.Context, request string) (done bool, warning string, err error) {
	m, err := s.Reads.Mutation(ctx, request)
	if errors.Is(err, iofs.ErrNotExist) || errors.Is(err, iofs.ErrPermission) {
		return false, "", nil // a read decides, later
	}
	return m.Completed, m.Warning, err
}
