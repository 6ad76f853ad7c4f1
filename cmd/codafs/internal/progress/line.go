package progress

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/fs"
)

// part is one part of a line. Parts with a lower rank are more important. An empty text is left out.
type part struct {
	rank int
	text string
}

// leastCut is how many columns of a text must be left to be worth showing.
const leastCut = 10

// compose joins as many parts as fit in a line: the most important ones, in their given order. Parts are shown whole;
// only the part with the rank cuttable may be cut, -1 for none. A rank must not occur twice. A head that is too long by itself
// is returned as it is; the terminal cuts it (term.Screen).
func compose(head string, parts []part, columns int, cuttable int) string {
	byRank := slices.Clone(parts)
	slices.SortStableFunc(byRank, func(a, b part) int { return a.rank - b.rank })
	room := columns - term.Width(head)
	taken := map[int]string{}
	for _, p := range byRank {
		text := p.text
		if p.rank == cuttable && room-2 >= leastCut {
			text = term.Cut(text, room-2)
		}
		// A part that does not fit is left out, and a less important one that does may take its room.
		if need := term.Width(text) + 2; text != "" && need <= room {
			room -= need
			taken[p.rank] = text
		}
	}
	line := head
	for _, p := range parts {
		if text := taken[p.rank]; text != "" {
			line += ", " + text
		}
	}
	return line
}

// The ranks of the parts of a run's line, the most important first: whether Coda answers and when the run ends, then pages,
// gaps and the limit, then the rest.
const (
	rankAnswer = iota
	rankGivesUp
	rankEnd
	rankPages
	rankMissing
	rankLimit
	rankNow
	rankObjects
	rankSize
	rankRequests
)

// line is the state in a line of a terminal of a given width. How long the silence and the run still last comes before counts:
// at 50 columns there is room for two or three parts.
func (s state) line(columns int) string {
	if !s.listed {
		parts := []part{{rankRequests, term.Count(s.requests, "request")}, {rankAnswer, s.silent()}, {rankGivesUp, s.givesUp()}, {rankLimit, s.limit}}
		if whole := compose("listing the workspace", parts, math.MaxInt, -1); term.Width(whole) <= columns {
			return whole
		}
		return compose("listing", parts, columns, -1)
	}
	head := fmt.Sprintf("%s %d%%", bar(s.percent(), 10), s.percent())
	return compose(head, []part{
		{rankAnswer, s.silent()}, {rankGivesUp, s.givesUp()}, {rankEnd, s.toGo()},
		{rankPages, fmt.Sprintf("%d/%s", s.done.Pages.Total, term.Count(s.plan.Pages, "page"))},
		{rankObjects, fmt.Sprintf("%d/%s, %d/%s", s.done.Tables.Total, term.Count(s.plan.Tables, "table"), s.done.Views.Total, term.Count(s.plan.Views, "view"))},
		{rankSize, term.FormatSize(s.bytes)}, {rankMissing, s.gaps()}, {rankLimit, s.limit}, {rankNow, s.now},
	}, columns, rankNow)
}

// bar shows a percentage from 0 to 100 in a bar of so many columns, and two more.
func bar(percent, columns int) string {
	n := percent * columns / 100
	return "[" + strings.Repeat("#", n) + strings.Repeat("-", columns-n) + "]"
}

// percent is how much is done: of the requests, which take the time, else of the files. 100 means that the last file is
// there.
func (s state) percent() int {
	done, all := s.files+s.missing, s.plan.Files+s.plan.Missing
	if done >= all {
		return 100
	}
	if s.plan.Requests > 0 {
		done, all = s.plan.Requests-s.left, s.plan.Requests
	}
	return min(99, max(0, 100*done/all))
}

// toGo is how long it still takes at least, estimated when the last file came.
func (s state) toGo() string {
	if s.leftFor == 0 {
		return ""
	}
	return term.FormatAge(s.leftFor) + " left"
}

// gaps is the text for objects that could not be had, "" if all could.
func (s state) gaps() string {
	if s.missing == 0 {
		return ""
	}
	return fmt.Sprintf("%d missing", s.missing)
}

// classWords says what the rate classes are for, in words that stand after "limit: " and after "Coda wants no".
var classWords = map[rate.Class]string{coda.ClassList: "lists of docs", coda.ClassRead: "reads", coda.ClassWrite: "writes",
	coda.ClassContent: "page lines", coda.ClassExport: "exports"}

// limitText names the rate limit that work waits for, "" if it waits for none: of several, the one with the longest
// wait. A pause that Coda asked for is said as such: it may be much longer than a window. Other processes of the account are
// counted, since they explain why it takes longer.
func limitText(limits []rate.Status, now time.Time) string {
	var at rate.Status
	for _, l := range limits {
		if l.Interactive+l.Background > 0 && l.FreeAt.After(now) && l.FreeAt.After(at.FreeAt) {
			at = l
		}
	}
	text := "limit: " + classWords[at.Class]
	switch others := len(at.Processes) - 1; {
	case at.FreeAt.IsZero():
		return ""
	case at.PausedUntil.After(now):
		return fmt.Sprintf("Coda wants no %s for %s", classWords[at.Class], term.FormatAge(at.PausedUntil.Sub(now)))
	case others == 1:
		text += ", shared with a process"
	case others > 1:
		text += fmt.Sprintf(", shared with %d processes", others)
	}
	return text
}

// fetching names the object that is being fetched, in the words of the tree: page "Plan", table "Tasks", formulas of "Plan".
func fetching(e fs.Entry) string {
	kind := e.Type
	switch e.Kind {
	case fs.KindPage, fs.KindPageHTML:
		kind = "page"
	case fs.KindFile:
		kind = "file"
	case fs.KindRows, fs.KindRowsJSON, fs.KindColumns, fs.KindTable:
	default:
		kind = string(e.Kind) + " of"
	}
	return strings.TrimSpace(kind + " " + term.Quote(e.Name))
}
