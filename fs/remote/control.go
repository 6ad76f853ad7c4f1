package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	iofs "io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/render"
)

// controls has the function that makes the bytes of each file in .codafs, by name.
var controls = map[string]func(t *Tree, ctx context.Context) ([]byte, error){
	path.Base(fs.StatusFile): (*Tree).statusJSON,
	path.Base(fs.ErrorsFile): (*Tree).errorLines,
	path.Base(fs.IndexFile):  (*Tree).indexLines,
}

// controlFolder is .codafs.
type controlFolder struct{ t *Tree }

func (t *Tree) controlFolder() fs.Dir { return controlFolder{t} }

func (c controlFolder) Name() string       { return fs.ControlDir }
func (c controlFolder) Object() fs.Object  { return fs.Object{Kind: fs.KindFolder, Type: "control"} }
func (c controlFolder) ModTime() time.Time { return c.t.modTime() }

func (c controlFolder) Entries(ctx context.Context) (nodes []fs.Node, err error) {
	for _, name := range slices.Sorted(maps.Keys(controls)) {
		nodes = append(nodes, newControlFile(c.t, name))
	}
	return nodes, nil
}

// Lookup returns a new node each time: the kernel must not cache names in this folder.
func (c controlFolder) Lookup(_ context.Context, name string) (fs.Node, error) {
	if name == path.Base(fs.SinceDir) {
		return sinceDir{t: c.t, name: name, path: name}, nil
	}
	if controls[name] == nil {
		return nil, iofs.ErrNotExist
	}
	return newControlFile(c.t, name), nil
}

// controlSerial makes the version of each control file unique within the process.
var controlSerial atomic.Int64

// controlFile is a file in .codafs. Each lookup makes a new one; its first Open fixes the bytes.
type controlFile struct {
	t       *Tree
	name    string
	version fs.Version
	made    *loader[[]byte]

	mu   sync.Mutex // guards size
	size int64      // -1 until the bytes are made
}

func newControlFile(t *Tree, name string) *controlFile {
	key := fmt.Sprintf("%d-%d-%d", os.Getpid(), t.opts.Now().UnixNano(), controlSerial.Add(1))
	return &controlFile{t: t, name: name, made: newLoader[[]byte](t.opts.Now, 0), size: -1,
		version: fs.Version{Key: key, ModTime: t.modTime(), Volatile: true, Costly: name == path.Base(fs.IndexFile)}}
}

func (f *controlFile) Name() string { return f.name }
func (f *controlFile) Object() fs.Object {
	return fs.Object{Kind: fs.KindControl, ID: f.name}
}
func (f *controlFile) Version(context.Context) (fs.Version, error) { return f.version, nil }

func (f *controlFile) Size(fs.Version) (int64, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.size, f.size >= 0
}

func (f *controlFile) AtHand(v fs.Version) bool {
	_, made := f.Size(v)
	return made
}

// Open makes the bytes the first time. All later opens of f return the same bytes, and their size is exact.
func (f *controlFile) Open(ctx context.Context, _ fs.Version) (fs.Content, error) {
	b, err := f.made.get(ctx, func(ctx context.Context) ([]byte, error) { return controls[f.name](f.t, ctx) })
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.size = int64(len(b))
	return memory{bytes.NewReader(b)}, nil
}

// memory is a Content in memory.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// errorLines returns failures and warnings, oldest first.
func (t *Tree) errorLines(context.Context) ([]byte, error) {
	all := append(t.failures.all(), t.Warnings()...)
	slices.SortStableFunc(all, func(a, b fs.Failure) int { return a.Time.Compare(b.Time) })
	return jsonLines(all)
}

// indexLines lists the whole workspace again, as a snapshot does.
func (t *Tree) indexLines(ctx context.Context) ([]byte, error) {
	entries, err := t.Index(ctx)
	if err != nil {
		t.failed(ctx, err, fs.Object{Kind: fs.KindControl, ID: path.Base(fs.IndexFile)}, "") // the reader of the file sees only an error number
		return nil, err
	}
	return jsonLines(entries)
}

func jsonLines[T any](items []T) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, v := range items {
		if err := enc.Encode(v); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// statusJSON calls Options.Status without a lock: it may take some time.
func (t *Tree) statusJSON(ctx context.Context) ([]byte, error) {
	s := t.status()
	if t.opts.Status != nil {
		t.opts.Status(ctx, &s)
	}
	b, err := json.MarshalIndent(s, "", render.Indent)
	return append(b, '\n'), err
}

// status returns what the tree itself knows.
func (t *Tree) status() fs.Status {
	failures := t.failures.all()
	s := fs.Status{Schema: fs.SchemaStatus, Errors: len(failures), Warnings: len(t.Warnings())}
	if len(failures) > 0 {
		s.LastError = &failures[len(failures)-1]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Docs, s.DocsFromEarlierRun = len(t.units), t.folder != nil && t.listedAt.IsZero()
	at := t.listedAt
	if at.IsZero() {
		at = t.recalled
	}
	if !at.IsZero() {
		age := int64(t.opts.Now().Sub(at).Seconds())
		s.DocsListedAt, s.DocsListedAge = at.UTC(), &age
	}
	if t.down != nil {
		s.ServiceDown = t.down.Error()
	}
	return s
}
