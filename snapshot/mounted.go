package snapshot

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// Mount is the [Origin] that reads a mounted tree through the kernel, as any program would. It needs no token: the process
// that serves the mount has one. It is safe for concurrent use.
type Mount struct {
	tree   iofs.FS
	status fs.Status // its .codafs/status.json
}

// Mounted gives the mount at dir. Any other folder is an [ErrNotMount]: a backup of an
// empty mountpoint would look like one of an empty workspace.
func Mounted(dir string) (*Mount, error) {
	m, err := openMount(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return m, nil
}

func openMount(tree iofs.FS) (*Mount, error) {
	m := &Mount{tree: tree}
	if err := m.readStatus(); err != nil {
		return nil, err
	}
	// A mount hides its .codafs; a copy that somebody made of one shows it.
	names, err := iofs.ReadDir(tree, ".")
	isControl := func(e iofs.DirEntry) bool { return e.Name() == fs.ControlDir }
	if err == nil && slices.ContainsFunc(names, isControl) {
		return nil, fmt.Errorf("%w: only a copy of one", ErrNotMount)
	}
	return m, nil
}

// readStatus proves that the mount is there.
func (m *Mount) readStatus() error {
	data, err := iofs.ReadFile(m.tree, fs.StatusFile)
	if err == nil {
		err = json.Unmarshal(data, &m.status)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotMount, err)
	}
	if m.status.Schema != fs.SchemaStatus {
		return fmt.Errorf("%w: %s has schema %q", ErrNotMount, fs.StatusFile, m.status.Schema)
	}
	return nil
}

// Source reports what is mounted, for [Options].
func (m *Mount) Source() format.Source {
	source := format.Source{APIURL: m.status.APIURL}
	if m.status.Account != nil {
		source.Account = *m.status.Account
	}
	return source
}

// Selection reports which objects were asked for when it was mounted, for [Options].
func (m *Mount) Selection() map[string]any { return m.status.Selection }

// Index implements [Origin].
func (m *Mount) Index(ctx context.Context, _ fs.Held, each func(fs.Entry) error) error {
	return readLines(ctx, m, fs.IndexFile, each)
}

// Open implements [Origin]. A system call cannot be called off: when ctx ends while one
// waits, the reader answers at once and the goroutine that reads ends with its call.
func (m *Mount) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	out, in := io.Pipe()
	stop := context.AfterFunc(ctx, func() { in.CloseWithError(context.Cause(ctx)) })
	go func() {
		defer stop()
		in.CloseWithError(m.copyTo(in, path))
	}()
	return out, nil
}

// OpenLate implements [LateOrigin]. The mount has what it fetched, and takes nothing from the run.
func (m *Mount) OpenLate(ctx context.Context, path string, _ Have) (in io.ReadCloser, at time.Time, err error) {
	in, err = m.Open(ctx, path)
	if err != nil {
		return nil, at, err
	}
	b, err := io.ReadAll(in)
	if err := errors.Join(err, in.Close()); err != nil {
		return nil, at, err
	}
	info, err := iofs.Stat(m.tree, path) // its time is known once it was read
	if err != nil {
		return nil, at, m.orLost(err)
	}
	return io.NopCloser(bytes.NewReader(b)), info.ModTime(), nil
}

// OpenAnew implements [Renewer].
func (m *Mount) OpenAnew(ctx context.Context, path string, since time.Time) (io.ReadCloser, error) {
	return m.Open(ctx, fs.SinceDir+"/"+strconv.FormatInt(since.UnixMilli(), 10)+"/"+path)
}

// copyTo copies a file of the mount. If it has not as many bytes as it said, that is an error: it is not complete.
func (m *Mount) copyTo(w io.Writer, path string) error {
	f, err := m.tree.Open(path)
	if err != nil {
		return m.orLost(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return m.orLost(err)
	}
	n, err := io.Copy(w, f)
	if err == nil && n != info.Size() {
		return fmt.Errorf("%s: %d of %d bytes: %w", path, n, info.Size(), io.ErrUnexpectedEOF)
	}
	if errors.Is(err, io.ErrClosedPipe) {
		return nil // nobody reads on
	}
	return m.orLost(err)
}

// orLost gives err, or ErrMountLost if the mount is not there any more: else every
// file of it would seem to have vanished from the workspace.
func (m *Mount) orLost(err error) error {
	if err == nil {
		return nil
	}
	again := Mount{tree: m.tree}
	if again.readStatus() != nil {
		return fmt.Errorf("%w: %w", ErrMountLost, err)
	}
	return err
}

// Explain is [Options].Explain for a mount: the kernel only passes a number on, the
// reason is in the mount's list of errors.
func (m *Mount) Explain(path string, err error) fs.Failure {
	in, openErr := m.Open(context.Background(), fs.ErrorsFile)
	if openErr != nil {
		return explain(path, err)
	}
	defer in.Close()
	all, readErr := io.ReadAll(in)
	if readErr != nil {
		return explain(path, err)
	}
	// The newest comes last, and is nearly always the one: to decode all of them for each file takes long.
	for len(all) > 0 {
		before := bytes.LastIndexByte(all[:len(all)-1], '\n') + 1
		var f fs.Failure
		if json.Unmarshal(all[before:], &f) == nil && f.Path == path && !f.Warning {
			return f
		}
		all = all[:before]
	}
	return explain(path, err)
}

// Warnings implements [Warner].
func (m *Mount) Warnings(ctx context.Context) ([]fs.Failure, error) {
	var odd []fs.Failure
	err := readLines(ctx, m, fs.ErrorsFile, func(f fs.Failure) error {
		if f.Warning {
			odd = append(odd, f)
		}
		return nil
	})
	if errors.Is(err, iofs.ErrNotExist) && !errors.Is(err, ErrMountLost) {
		return nil, nil
	}
	return odd, err
}

// readLines gives each of the JSON values of a file, as those in .codafs are.
func readLines[T any](ctx context.Context, m *Mount, path string, each func(T) error) error {
	in, err := m.Open(ctx, path)
	if err != nil {
		return err
	}
	defer in.Close()
	dec := json.NewDecoder(bufio.NewReader(in))
	for {
		var one T
		err := dec.Decode(&one)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := each(one); err != nil {
			return err
		}
	}
}
