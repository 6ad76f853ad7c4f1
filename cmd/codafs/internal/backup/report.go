package backup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
)

// shownGone is how many of the deleted objects are named: enough for a day's work. All are in summary.json.
const shownGone = 20

// report says to people what a run did: what there is now, and what differs from the last snapshot. For a run that was
// stopped, it says what is kept. Names in it are quoted: they came from Coda, and go to a terminal.
func (o *Options) report(s format.Summary, err error) []string {
	if s.Contents == nil {
		return kept(s, err)
	}
	c := s.Contents
	// The first line says what there is now, whatever came of the run: who reads one line reads this one.
	result, end := string(s.Result), ""
	if s.PagesLineByLine > 0 {
		result += ", but " + LineByLine(s.PagesLineByLine)
	}
	if s.Demo {
		end = "; " + config.DemoNote
	}
	lines := []string{fmt.Sprintf("%s: %s, %s, %s, %s; %s, %s; %s in %s%s", result,
		term.Count(c.Docs.Total, "doc"), term.Count(c.Pages.Total, "page"), term.Count(c.Tables.Total, "table"), term.Count(c.Views.Total, "view"),
		term.Count(s.Files, "file"), term.FormatSize(s.Bytes), term.Count(s.Requests, "request"), term.FormatElapsed(s.FinishedAt.Sub(s.StartedAt)), end)}
	if missing := whatIsMissing(gaps(s, false)); missing != "" {
		lines = append(lines, "note: missing: "+missing+"; summary.json says why, and has the object_id for --accept-gap, which is for what may be missing")
	}
	lines = append(lines, o.acceptedGaps(s)...)
	if s.Since == "" {
		return lines
	}
	lines = append(lines, "since "+s.Since+": "+WhatDiffers(*c))
	for i, g := range s.Gone {
		if i == shownGone {
			lines = append(lines, fmt.Sprintf("gone: and %d more, see summary.json", len(s.Gone)-i))
			break
		}
		line := "gone: " + g.Kind + " " + term.Quote(g.Name)
		if g.Kind != "doc" {
			line += " of " + term.Quote(g.Doc)
		}
		lines = append(lines, line)
	}
	// Said after the second run alone: who goes on with full runs has a reason.
	if !o.Incremental && isFirst(o.Output, s.Since) {
		lines = append(lines, "note: --incremental links what has not changed since the last snapshot, and fetches only the rest")
	}
	return lines
}

// acceptedGaps says which accepted gaps there are, and which are gone: a flag that is not needed any more would hide the
// next failure of the same object.
func (o *Options) acceptedGaps(s format.Summary) (lines []string) {
	if missing := whatIsMissing(gaps(s, true)); missing != "" {
		lines = append(lines, "missing as accepted: "+missing+"; see summary.json")
	}
	for _, id := range o.AcceptGaps {
		if !slices.ContainsFunc(s.Failures, func(f fs.Failure) bool { return f.ObjectID == id }) {
			lines = append(lines, fmt.Sprintf("note: nothing of %s is missing: --accept-gap is not needed for it", term.Printable(id)))
		}
	}
	return lines
}

// kept says what a run that sealed nothing leaves for the next one. A run that did not begin changes nothing, and has nothing
// to say beside its error.
func kept(s format.Summary, err error) []string {
	_, stopped := errors.AsType[exit.SignalError](err)
	switch {
	case s.ID != "" && s.Files > 0:
		return []string{fmt.Sprintf("%s, %s are kept: the next run with these settings goes on from there", term.Count(s.Files, "file"), term.FormatSize(s.Bytes))}
	case stopped:
		return []string{"nothing was copied yet"}
	}
	return nil
}

// WhatDiffers counts what is new, changed and deleted since the last good snapshot. What was a gap in that one is not called
// new: nobody made it.
func WhatDiffers(c format.Contents) string {
	kinds := []struct {
		name string
		format.Count
	}{{"doc", c.Docs}, {"page", c.Pages}, {"table", c.Tables}, {"view", c.Views}}
	var parts []string
	add := func(what string, of func(format.Count) int) {
		var counts []string
		for _, k := range kinds {
			if n := of(k.Count); n > 0 {
				counts = append(counts, term.Count(n, k.name))
			}
		}
		if len(counts) > 0 {
			parts = append(parts, strings.Join(counts, ", ")+" "+what)
		}
	}
	add("new", func(c format.Count) int { return c.New })
	add("that were missing in it", func(c format.Count) int { return c.Back })
	add("changed", func(c format.Count) int { return c.Changed })
	add("gone", func(c format.Count) int { return c.Gone })
	if len(parts) == 0 {
		return "nothing is new, changed or gone"
	}
	return strings.Join(parts, "; ")
}

// isFirst reports whether a snapshot is the first good one: its user may not know --incremental yet. It is false if that
// cannot be read: only a hint depends on it.
func isFirst(output, id string) bool {
	all, err := sealed.List(output)
	i := slices.IndexFunc(all, func(l sealed.Listed) bool { return l.ID == id })
	return err == nil && i >= 0 && all[i].Err == nil && all[i].Summary.Since == ""
}
