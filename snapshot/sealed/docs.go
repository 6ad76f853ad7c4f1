package sealed

import (
	"os"
	"sync"

	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// Docs is the manifest of a snapshot, doc by doc. It holds where the files of each doc are, and reads them when they are asked
// for: those of a doc lie together, since files are sorted by path. It may be used by many goroutines.
type Docs struct {
	// Manifest has no files.
	*format.Manifest
	file  *os.File
	ids   []string
	spans map[string][]span

	mu   sync.Mutex        // guards all below
	last [docsHeld]DocList // those read last
	next int               // the oldest of them
}

// docsHeld is how many docs are kept in memory: for as many readers as go through all docs at a time.
const docsHeld = 4

// span is a part of manifest.json.
type span struct{ from, to int64 }

// DocList is the files of one doc. Nobody changes it.
type DocList struct {
	id    string
	Files []format.File
	byKey format.Files
}

// Get gives the file with a key, if there is one.
func (d DocList) Get(k format.Key) (format.File, bool) { return d.byKey.Get(k) }

// OpenDocs reads the manifest of a snapshot in f once, and gives each of its files to each. The caller closes it.
func OpenDocs(f *folder.Folder, id string, each func(format.File)) (*Docs, error) {
	file, err := f.OpenManifest(id)
	if err != nil {
		return nil, err
	}
	d := &Docs{file: file, spans: map[string][]span{}}
	last := ""
	d.Manifest, err = format.Scan(file, func(f format.File, from, to int64) error {
		spans := d.spans[f.DocID]
		switch {
		case spans == nil:
			d.ids = append(d.ids, f.DocID)
			d.spans[f.DocID] = []span{{from, to}}
		case last == f.DocID:
			spans[len(spans)-1].to = to
		default:
			d.spans[f.DocID] = append(spans, span{from, to})
		}
		last = f.DocID
		each(f)
		return nil
	})
	if err != nil {
		file.Close()
		return nil, err
	}
	return d, nil
}

// Close closes the manifest.
func (d *Docs) Close() { d.file.Close() }

// IDs are the ids of the docs that have files, in the order of these.
func (d *Docs) IDs() []string { return d.ids }

// Doc reads the files of a doc, in their order. A doc that is not there has none. The error is a [folder.DestinationError].
func (d *Docs) Doc(id string) (DocList, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, known := range d.last {
		if known.byKey != nil && known.id == id {
			return known, nil
		}
	}
	doc := DocList{id: id}
	for _, s := range d.spans[id] {
		part := make([]byte, s.to-s.from)
		_, err := d.file.ReadAt(part, s.from)
		var files []format.File
		if err == nil {
			files, err = format.DecodeFiles(part)
		}
		if err != nil {
			return DocList{}, &folder.DestinationError{Err: err}
		}
		doc.Files = append(doc.Files, files...)
	}
	doc.byKey = format.NewFiles(doc.Files)
	d.last[d.next], d.next = doc, (d.next+1)%docsHeld
	return doc, nil
}
