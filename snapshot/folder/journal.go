package folder

import (
	"bytes"
	"encoding/json"
	"errors"
	iofs "io/fs"
	"os"
	"time"

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

// createJournal begins the journal of dir anew, with lines for the files that are kept.
func (d *disk) createJournal(dir string, head format.Head, kept []Finished) (*outFile, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	err := enc.Encode(journalHead{Schema: journalSchema, Source: head.Source, Options: head.Options})
	for _, line := range kept {
		err = errors.Join(err, enc.Encode(line))
	}
	if err != nil {
		return nil, err
	}
	name := dir + "/" + journalName
	if err := d.replace(name, buf.Bytes(), openMode); err != nil {
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
func (s *Stage) Note(line Finished) error {
	data, err := json.Marshal(line)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.journal.Write(append(data, '\n'))
	return err
}

// leftIn reports what a partial folder says it holds, by path. It reports false for the
// folder of a run with another source or selection: that one is not to be touched.
func (f *Folder) leftIn(dir string, head format.Head) (map[string]Finished, bool) {
	data, err := ReadFile(f.root.FS(), dir+"/"+journalName)
	if err == nil {
		return readJournal(data, head)
	}
	// The journal goes last before the folder is sealed; the manifest then tells the same.
	m, err := f.Manifest(dir)
	if errors.Is(err, iofs.ErrNotExist) {
		return nil, true // stopped before the journal was there: nothing is in it
	}
	if err != nil || m.Series() != head.Series() {
		return nil, false
	}
	left := map[string]Finished{}
	for _, file := range m.Files {
		if file.Status != format.StatusCarried { // its object is to be tried again
			left[file.Path] = Finished{FetchedAt: m.StartedAt, File: file}
		}
	}
	return left, true
}

// readJournal reads the lines of a journal, the last one for each path. It reports false for one of another run or format.
func readJournal(data []byte, head format.Head) (map[string]Finished, bool) {
	dec := json.NewDecoder(bytes.NewReader(data))
	var first journalHead
	if dec.Decode(&first) != nil || first.Schema != journalSchema {
		return nil, false
	}
	if (format.Head{Source: first.Source, Options: first.Options}).Series() != head.Series() {
		return nil, false
	}
	left := map[string]Finished{}
	for {
		var line Finished
		// The last line may be torn: what comes before it holds.
		if dec.Decode(&line) != nil {
			return left, true
		}
		left[line.File.Path] = line
	}
}
