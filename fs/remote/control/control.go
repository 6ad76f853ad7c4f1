package control

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
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/render"
)

// controls has the function that makes each file in .codafs, by name.
var controls = map[string]func(ctx context.Context, t Tree) (fs.Content, error){
	path.Base(fs.StatusFile): inMemory(statusJSON),
	path.Base(fs.ErrorsFile): inMemory(errorLines),
	path.Base(fs.IndexFile):  indexFile,
}

// Tree is the tree that a .codafs tells of. All but Status and Index answer at once.
type Tree interface {
	// Root is the tree's top folder.
	Root() fs.Dir
	// ModTime is the time of the folders in .codafs.
	ModTime() time.Time
	// Now is the tree's clock.
	Now() time.Time
	// Failures returns what could not be read, oldest first.
	Failures() []fs.Failure
	// Warnings returns what is odd about what was read, oldest first.
	Warnings() []fs.Failure
	// Failed records why something could not be read.
	Failed(ctx context.Context, err error, obj fs.Object, path string)
	// Status is the content of status.json. It may take some time.
	Status(ctx context.Context) fs.Status
	// Units is how many units there are.
	Units() int
	// Index lists the whole tree again, which sends many requests, and gives its entries to each.
	Index(ctx context.Context, held fs.Held, each func(fs.Entry) error) error
}

// controlFolder is .codafs.
type controlFolder struct{ t Tree }

// New makes the .codafs of a tree.
func New(t Tree) fs.Dir { return controlFolder{t} }

func (c controlFolder) Name() string       { return fs.ControlDir }
func (c controlFolder) Object() fs.Object  { return fs.Object{Kind: fs.KindFolder, Type: "control"} }
func (c controlFolder) ModTime() time.Time { return c.t.ModTime() }

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
	t       Tree
	name    string
	version fs.Version
	made    *load.Value[fs.Content]

	mu   sync.Mutex // guards size
	size int64      // -1 until the bytes are made
}

func newControlFile(t Tree, name string) *controlFile {
	key := fmt.Sprintf("%d-%d-%d", os.Getpid(), t.Now().UnixNano(), controlSerial.Add(1))
	return &controlFile{t: t, name: name, made: load.New[fs.Content](t.Now, 0), size: -1,
		version: fs.Version{Key: key, ModTime: t.ModTime(), Volatile: true, Costly: name == path.Base(fs.IndexFile)}}
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
	c, err := f.made.Get(ctx, func(ctx context.Context) (fs.Content, error) { return controls[f.name](ctx, f.t) })
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.size = c.Size()
	return c, nil
}

// memory is a Content in memory. It is read after Close too: nothing is freed.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// inMemory has bytes made, and keeps them in memory.
func inMemory(made func(context.Context, Tree) ([]byte, error)) func(context.Context, Tree) (fs.Content, error) {
	return func(ctx context.Context, t Tree) (fs.Content, error) {
		b, err := made(ctx, t)
		return memory{bytes.NewReader(b)}, err
	}
}

// errorLines returns failures and warnings, oldest first.
func errorLines(_ context.Context, t Tree) ([]byte, error) {
	all := append(t.Failures(), t.Warnings()...)
	slices.SortStableFunc(all, func(a, b fs.Failure) int { return a.Time.Compare(b.Time) })
	return jsonLines(all)
}

// jsonLines returns each item as one line of JSON.
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

// statusJSON returns the status, indented: people read it with cat.
func statusJSON(ctx context.Context, t Tree) ([]byte, error) {
	b, err := json.MarshalIndent(t.Status(ctx), "", render.Indent)
	return append(b, '\n'), err
}

// estimateOfUnit is enough for a unit of 2,500 files: a line of the index has about 400 bytes.
const estimateOfUnit = 1 << 20

// Estimate implements [fs.File].
func (f *controlFile) Estimate(fs.Version) int64 { return estimateOfUnit * int64(1+f.t.Units()) }
