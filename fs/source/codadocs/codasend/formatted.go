package codasend

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/edit/outbox"
)

// fence stands around plain text in the rich form of a cell; formatted text comes as Markdown without it (observed).
const fence = "```"

// HoldFormatted holds updates of cells whose text has formatting, such as bold words and links: the file has none of it, and
// Coda would lose it. It reads the rows once more, in their rich form, if a text is to be written over. Read must have been
// called for the object.
func (s *Service) HoldFormatted(ctx context.Context, o outbox.Object, c *edit.Changes) error {
	asks := slices.ContainsFunc(c.Edits, func(e edit.Edit) bool { return slices.ContainsFunc(e.Cells, s.overText(e)) })
	if !asks {
		return nil
	}
	formatted := map[string]edit.Cell{}
	byKey := map[string]edit.Edit{}
	for _, e := range c.Edits {
		if e.Op == edit.Update {
			byKey[e.Key] = e
		}
	}
	for r, err := range s.Reads.Rows(ctx, o.Doc, o.ID, coda.RowOptions{Values: coda.Rich}) {
		if err != nil {
			return err
		}
		e := byKey[r.ID]
		for _, cell := range e.Cells {
			if s.overText(e)(cell) && isFormatted(r.Values[cell.Column], cell.Now) {
				formatted[r.ID] = cell
			}
		}
	}
	c.Edits = slices.DeleteFunc(c.Edits, func(e edit.Edit) bool {
		cell, yes := formatted[e.Key]
		if yes && e.Op == edit.Update {
			c.Held = append(c.Held, edit.Held{Reason: edit.HeldFormatting, Line: e.Line, Key: e.Key, Header: cell.Header, Base: cell.Now, Now: cell.Now, Wish: cell.Wish, Edit: e})
			return true
		}
		return false
	})
	return nil
}

// overText reports whether a cell of an update writes over a text.
func (s *Service) overText(e edit.Edit) func(edit.Cell) bool {
	return func(c edit.Cell) bool {
		return e.Op == edit.Update && c.Now != "" && slices.Contains(s.texts, c.Column)
	}
}

// isFormatted reports whether the rich form of a cell is more than its text.
func isFormatted(rich json.RawMessage, text string) bool {
	var s string
	if json.Unmarshal(rich, &s) != nil {
		return false // no text at all
	}
	if plain, ok := strings.CutPrefix(s, fence); ok {
		s = strings.TrimSuffix(plain, fence)
	}
	return s != text
}
