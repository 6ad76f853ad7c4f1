package folder

import (
	"bufio"
	"encoding/json"
	"errors"
	"hash/maphash"
	"io"
	iofs "io/fs"
	"iter"
	"maps"
	"math"
	"os"
	"slices"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

const (
	journalName   = "journal.jsonl"
	journalSchema = "codafs.journal/1"
)

// The journal of a partial folder has a line for each file that is finished in it, so
// that a run that takes over knows which version a file holds. The hash in it is never
// believed without hashing the file again.
type journalHead struct {
	Schema  string          `json:"schema"`
	Source  format.Source   `json:"source"`
	Options format.Recorded `json:"options"`
}

// Finished is a file that is in a partial folder, and a line of the journal there.
type Finished struct {
	// FetchedAt is when the bytes were read at the origin, or sooner; of a file that was
	// taken over from the snapshot before it is the start of that one's run.
	FetchedAt time.Time   `json:"fetched_at"`
	File      format.File `json:"file"`
}

// createJournal begins the journal of dir anew, with lines for the files that are kept, in the order of files.
func (d *disk) createJournal(dir string, head format.Head, files iter.Seq2[fs.Entry, error], kept *Left) (*outFile, error) {
	name := dir + "/" + journalName
	err := d.replace(name, openMode, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		if err := enc.Encode(journalHead{Schema: journalSchema, Source: head.Source, Options: head.Options}); err != nil {
			return err
		}
		if kept.empty() {
			return nil
		}
		for e, err := range files {
			if err != nil {
				return err
			}
			if line, ok, err := kept.Find(e.Path); err != nil {
				return err
			} else if ok {
				if err := enc.Encode(line); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	journal := &outFile{disk: d, name: name}
	return journal, d.do("append", name, func() (err error) {
		journal.File, err = d.root.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
		return err
	})
}

// Note adds a line to the journal, which is of a file that is durable. It is safe for concurrent use. The line itself is not
// synced: one that a power cut takes costs a fetch.
func (s *Stage) Note(line Finished) error { return s.note(line, 0) }

// NoteTaken is Note for a file that [Stage.Take] had from a sealed snapshot. Such lines are written many at a time: one that is
// lost costs no fetch, since the file is taken again.
func (s *Stage) NoteTaken(line Finished) error { return s.note(line, linesHeld) }

// linesHeld is how many bytes of the journal are held: of about 100 files.
const linesHeld = 1 << 16

// note writes a line, with those that are held, unless it is to be held too.
func (s *Stage) note(line Finished, most int) error {
	data, err := json.Marshal(line)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(append(s.lines, data...), '\n')
	if len(s.lines) <= most {
		return nil
	}
	_, err = s.journal.Write(s.lines)
	s.lines = s.lines[:0]
	return err
}

// Left is what a partial folder says it holds. None of it is trusted. It has only where each file's line is, by a hash of the
// file's path: 64 bits are enough to find a line, which then shows whether it is the one. It may be used by many goroutines; a nil
// one is empty.
type Left struct {
	file *os.File
	seed maphash.Seed
	at   map[uint64]int64
	// started is when the run began whose manifest the file is; zero if it is a journal.
	started time.Time
}

func newLeft(file *os.File) *Left {
	return &Left{file: file, seed: maphash.MakeSeed(), at: map[uint64]int64{}}
}

// Close closes the file that the lines are in.
func (l *Left) Close() {
	if l != nil {
		l.file.Close()
	}
}

func (l *Left) empty() bool { return l == nil || len(l.at) == 0 }

func (l *Left) put(path string, at int64) { l.at[maphash.String(l.seed, path)] = at }

// place is where the line of a path may be.
func (l *Left) place(path string) (at int64, ok bool) {
	if l.empty() {
		return 0, false
	}
	at, ok = l.at[maphash.String(l.seed, path)]
	return at, ok
}

// Find gives the file of a path, if it is there. The error is a [DestinationError].
func (l *Left) Find(path string) (line Finished, ok bool, err error) {
	at, ok := l.place(path)
	if !ok {
		return Finished{}, false, nil
	}
	line, err = l.line(at)
	return line, err == nil && line.File.Path == path, err
}

// All yields all files, in the order of their lines.
func (l *Left) All() iter.Seq2[Finished, error] {
	return func(yield func(Finished, error) bool) {
		if l.empty() {
			return
		}
		for _, at := range slices.Sorted(maps.Values(l.at)) {
			if line, err := l.line(at); !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// line reads the file whose line is at an offset. The error is a [DestinationError].
func (l *Left) line(at int64) (line Finished, err error) {
	r := bufio.NewReaderSize(io.NewSectionReader(l.file, at, math.MaxInt64-at), 1<<11)
	if b, err := r.Peek(1); err == nil && b[0] == ',' { // a manifest separates files so
		_, _ = r.Discard(1)
	}
	dec := json.NewDecoder(r)
	if l.started.IsZero() {
		err = dec.Decode(&line)
	} else {
		line.FetchedAt = l.started
		err = dec.Decode(&line.File)
	}
	if err != nil {
		return Finished{}, &DestinationError{err}
	}
	return line, nil
}

// leftIn reports what a partial folder says it holds. It reports false for the
// folder of a run with another source or selection: that one is not to be touched.
func (f *Folder) leftIn(dir string, head format.Head) (*Left, bool) {
	file, err := f.openFile(dir + "/" + journalName)
	if err != nil {
		return f.leftInManifest(dir, head)
	}
	left := newLeft(file)
	if !left.readJournal(head) {
		file.Close()
		return nil, false
	}
	return left, true
}

// leftInManifest is leftIn for a folder without a journal, which goes last before the folder is sealed: the manifest tells the
// same.
func (f *Folder) leftInManifest(dir string, head format.Head) (*Left, bool) {
	file, err := f.openFile(dir + "/" + format.ManifestName)
	if errors.Is(err, iofs.ErrNotExist) {
		return nil, true // stopped before the journal was there: nothing is in it
	}
	if err != nil {
		return nil, false
	}
	left := newLeft(file)
	m, err := format.Scan(file, func(f format.File, from, _ int64) error {
		if f.Status != format.StatusCarried { // its object is to be tried again
			left.put(f.Path, from)
		}
		return nil
	})
	if err != nil || m.Series() != head.Series() {
		file.Close()
		return nil, false
	}
	left.started = m.StartedAt
	return left, true
}

// readJournal reads where the lines of a journal are, the last one for each path. It reports false for one of another run or format.
func (l *Left) readJournal(head format.Head) bool {
	dec := json.NewDecoder(l.file)
	var first journalHead
	if dec.Decode(&first) != nil || first.Schema != journalSchema {
		return false
	}
	if (format.Head{Source: first.Source, Options: first.Options}).Series() != head.Series() {
		return false
	}
	for {
		at := dec.InputOffset()
		var line Finished
		// The last line may be torn: what comes before it holds.
		if dec.Decode(&line) != nil {
			return true
		}
		l.put(line.File.Path, at)
	}
}
