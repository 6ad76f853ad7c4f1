package codatext

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/render"
)

// mostChanged is how many bytes of changed rows are held in memory. A table with more is read whole.
const mostChanged = 8 << 20

// ErrMisfit: the changed rows do not fit the kept ones, so the table must be read whole.
var ErrMisfit = errors.New("the changed rows do not make up the table")

// change is a changed or new row.
type change struct {
	line    []byte // as in a file of rows as sent
	index   json.RawMessage
	created string
	old     bool // it replaces a kept row
}

// Changes are all changed and new rows, in the order in which they were sent. One goroutine fills it; it is full before a
// Merge is made of it.
type Changes struct {
	inOrder []*change
	byID    map[string]*change
	bytes   int
}

// NewChanges returns a set without rows.
func NewChanges() *Changes { return &Changes{byID: map[string]*change{}} }

// Len is how many rows were added.
func (c *Changes) Len() int { return len(c.inOrder) }

// Add adds a row. If a row comes twice, it changed while the rows were read.
func (c *Changes) Add(r coda.Row) error {
	var b bytes.Buffer
	if err := json.Compact(&b, r.Raw); err != nil {
		return err
	}
	b.WriteByte('\n')
	if c.bytes += b.Len(); c.bytes > mostChanged || c.byID[r.ID] != nil {
		return ErrMisfit
	}
	c.byID[r.ID] = &change{line: b.Bytes(), index: r.Index, created: r.CreatedAt}
	c.inOrder = append(c.inOrder, c.byID[r.ID])
	return nil
}

// Merge is a file of rows as sent with some of its lines replaced, and new lines at its end. It holds the changed
// rows in memory, not the file. [NewMerge] checks, [Merge.Write] may then be called any number of times.
type Merge struct {
	old   fs.Content
	cuts  []replaced
	added []*change
}

// replaced is a line of the old file, from one offset to another, and the row that replaces it.
type replaced struct {
	from, to int64
	by       *change
}

// NewMerge reads all of old, whose SHA-256 in hexadecimal digits is sum. It returns ErrMisfit unless old and the changed rows
// together are a table of count rows in the service's order. It reads the file before a byte is written, since nothing
// may come of a merge that does not fit. old must stay open until Write has returned; the caller closes it.
func NewMerge(old fs.Content, sum string, changed *Changes, count int64) (*Merge, error) {
	p := &Merge{old: old}
	at, h, pos := NewIndexSet(count), sha256.New(), int64(0)
	var newest time.Time
	for line, err := range textLines(old) {
		if err != nil {
			return nil, ErrMisfit
		}
		h.Write(line)
		var r struct {
			ID        string          `json:"id"`
			Index     json.RawMessage `json:"index"`
			CreatedAt string          `json:"createdAt"`
		}
		if json.Unmarshal(line, &r) != nil {
			return nil, ErrMisfit
		}
		created, err := time.Parse(time.RFC3339, r.CreatedAt)
		if err != nil || created.Before(newest) {
			return nil, ErrMisfit
		}
		end := pos + int64(len(line))
		if c := changed.byID[r.ID]; c != nil {
			if c.old || c.created != r.CreatedAt {
				return nil, ErrMisfit
			}
			c.old, r.Index = true, c.index
			p.cuts = append(p.cuts, replaced{pos, end, c})
		}
		at.Add(r.Index)
		newest, pos = created, end
	}
	if hex.EncodeToString(h.Sum(nil)) != sum || !p.append(changed, newest, at) || !at.Full() {
		return nil, ErrMisfit
	}
	return p, nil
}

// append adds the new rows: those that replace none. They must come in order, all after newest.
func (p *Merge) append(changed *Changes, newest time.Time, at *IndexSet) bool {
	for _, c := range changed.inOrder {
		if c.old {
			continue
		}
		created, err := time.Parse(time.RFC3339, c.created)
		// The order in which the service has rows of the same moment is not known. It is taken to be the same among new
		// rows, but not between new and kept ones.
		if err != nil || created.Before(newest) || len(p.added) == 0 && created.Equal(newest) {
			return false
		}
		newest = created
		p.added = append(p.added, c)
		at.Add(c.index)
	}
	return true
}

// Write writes the merged file. Unchanged parts are copied from the old file, without decoding them.
func (p *Merge) Write(w io.Writer) error {
	pos := int64(0)
	copyTo := func(end int64) error {
		_, err := io.Copy(w, io.NewSectionReader(p.old, pos, end-pos))
		return err
	}
	for _, c := range p.cuts {
		if err := copyTo(c.from); err != nil {
			return err
		}
		if err := render.Write(w, c.by.line); err != nil {
			return err
		}
		pos = c.to
	}
	if err := copyTo(p.old.Size()); err != nil {
		return err
	}
	for _, c := range p.added {
		if err := render.Write(w, c.line); err != nil {
			return err
		}
	}
	return nil
}

// IndexSet checks that rows have the indexes from 0 up, each once. It takes a byte for each row.
type IndexSet struct {
	taken []bool
	rows  int
	bad   bool
}

// NewIndexSet returns an empty set, for the indexes from 0 to count-1.
func NewIndexSet(count int64) *IndexSet { return &IndexSet{taken: make([]bool, count)} }

// Add takes an index. One that is taken, or is no number below the count, makes the set bad for good.
func (p *IndexSet) Add(index json.RawMessage) {
	i, err := strconv.Atoi(string(index))
	if err != nil || i < 0 || i >= len(p.taken) || p.taken[i] {
		p.bad = true
		return
	}
	p.taken[i] = true
	p.rows++
}

// Full reports whether each index was added exactly once.
func (p *IndexSet) Full() bool { return !p.bad && p.rows == len(p.taken) }

// textLines yields the lines of a content, with their ends. If the last line has no end, it fails: the file was cut, and half a
// row may still be JSON.
func textLines(c fs.Content) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		in := bufio.NewReaderSize(io.NewSectionReader(c, 0, c.Size()), 64<<10)
		for {
			line, err := in.ReadBytes('\n')
			if errors.Is(err, io.EOF) && len(line) == 0 {
				return
			}
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}
