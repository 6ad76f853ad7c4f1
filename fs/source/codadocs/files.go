package codadocs

import (
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"sync"
	"time"

	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/source/codadocs/codatext"
	"github.com/codafs/codafs/fs/source/codadocs/sights"
)

// fileList is the blobs that a doc shows. But for the folder, it never changes. The Store has it with the addresses; its JSON, which users see,
// has none.
type fileList struct {
	sights.Files
	json   *load.Shown
	newest time.Time

	once    sync.Once
	entries *remote.Entries // of files/
}

// fileLists says how a doc's files are found: in the contents of its pages and tables, so this list alone costs contents. Its id is how
// page text is read: with a token that may not export, pages show nothing.
func (s *docs) fileLists() remote.List[*fileList] {
	return remote.List[*fileList]{
		Kind: fs.KindFiles, Path: codatext.FilesList,
		Fill: func(ctx context.Context, l *remote.Lists, _ string, w io.Writer, t *remote.Try) error {
			found, err := s.findFiles(ctx, doc{l.Unit, s}, t.Last)
			if err != nil {
				return err
			}
			t.Looked = true
			_, impossible := found.Files()
			for _, id := range impossible {
				t.Warn(fs.CodeBadID, "a file is left out: its id %.60q has characters that are not fit for a file name", id)
			}
			return sights.Write(w, found)
		},
		Parse: func(_ context.Context, l *remote.Lists, _ string, b []byte) (*fileList, error) {
			return newFileList(doc{l.Unit, s}, b)
		},
		Size: func(l *fileList) int { return l.Size() },
	}
}

// fileList returns the files of a doc. As all lists, they may be older ones. It may turn out meanwhile that the token may not export.
func (s *docs) fileList(ctx context.Context, l *remote.Lists) (f *fileList, err error) {
	for range 2 {
		id := ""
		if reads := s.Reads(); reads != fs.SourceExport {
			id = reads
		}
		if f, err = get(ctx, &s.files, l, id); !errors.Is(err, fs.ErrStale) {
			break
		}
	}
	return f, err
}

// newFileList makes the list of what the Store has. What is shown without an address that may be asked is a gap.
func newFileList(d doc, b []byte) (*fileList, error) {
	found, err := sights.Read(b)
	if err != nil {
		return nil, err
	}
	l := &fileList{Files: sights.NewFiles(found, d.s.sel.Names), newest: found.Newest}
	for _, f := range l.All {
		if f.Status == blob.Live && f.Problem != nil {
			d.s.t.NoteGaps([]fs.Failure{{DocID: d.ID, ObjectID: f.ID, Kind: fs.KindFile, Code: fs.CodeNoFile, Message: fmt.Sprintf("%q: %v", f.Name, f.Problem)}})
		}
	}
	if l.newest.IsZero() {
		l.newest = d.Item().CreatedAt
	}
	shown, err := l.JSON()
	l.json = load.NewShown(shown)
	return l, err
}

// filesJSON returns the content of files.json.
func (d doc) filesJSON(ctx context.Context) (*load.Shown, time.Time, error) {
	l, err := d.s.fileList(ctx, d.Current())
	if err != nil {
		return nil, time.Time{}, err
	}
	return l.json, l.newest, nil
}

// unindexed is a folder that an index passes over, which looks into each [remote.Folder]: to list it costs contents. What is in it, files.json names.
type unindexed struct{ *remote.Folder }

// filesFolder is the folder of the files. It is there if the doc shows none, too: nobody knows before its pages were read.
func (d doc) filesFolder() fs.Node {
	return unindexed{d.NewFolder(codatext.FilesFolder, codatext.FilesFolder, d.folderObject(codatext.FilesFolder), func(ctx context.Context) (*remote.Entries, error) {
		l, err := d.s.fileList(ctx, d.Current())
		if err != nil {
			return nil, err
		}
		l.once.Do(func() { l.entries = l.nodes(d) })
		return l.entries, nil
	})}
}

// nodes makes the nodes of files/.
func (l *fileList) nodes(d doc) *remote.Entries {
	var nodes []fs.Node
	at := d.Item().CreatedAt
	for i, f := range l.All {
		if name := l.Names[i]; name != "" {
			o := fs.Object{Kind: fs.KindFile, Type: f.Type, DocID: d.ID, ID: f.ID, Title: f.Name, CreatedAt: at, UpdatedAt: at}
			nodes = append(nodes, d.NewFile(name, codatext.FilesFolder+"/", o, fileRenderer{d, f.ID}))
		}
	}
	return remote.NewEntries(nodes...)
}

// fileRenderer fetches the bytes of a blob.
type fileRenderer struct {
	d  doc
	id string
}

// Version implements [remote.Renderer].
func (m fileRenderer) Version(context.Context) (fs.Version, error) {
	return fs.LastingVersion(m.id, m.d.Item().CreatedAt), nil
}

// Render implements [remote.Renderer]. An address that is dead is got afresh once, and the rest is fetched from there.
func (m fileRenderer) Render(ctx context.Context, _ fs.Version, w io.Writer, _ *remote.Try) error {
	l, err := m.d.s.fileList(ctx, m.d.Current())
	if err != nil {
		return err
	}
	f, ok := l.Wanted(m.id)
	if !ok {
		return iofs.ErrNotExist
	}
	written, err := m.d.s.blobs.Fetch(ctx, m.d.ID, f, w)
	if !blob.NeedsAddress(err) {
		return err
	}
	if f.Address = m.d.addressAnew(ctx, f); f.Address.IsZero() {
		return err
	}
	_, err = m.d.s.blobs.Fetch(ctx, m.d.ID, f, &sights.After{W: w, Skip: written})
	return err
}

// Estimate implements [remote.Estimator].
func (m fileRenderer) Estimate() int64 { return remote.EstimateUnknown }
