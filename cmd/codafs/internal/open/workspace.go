package open

import (
	"context"
	"log/slog"
	"time"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
)

// Workspace is what a command works on: the client and the tree over it. All of it may be used by several goroutines, until
// Close.
type Workspace struct {
	Client *coda.Client
	Tree   *remote.Tree
	Log    *slog.Logger
	Cache  *cache.Disk
	// Remember stores whose token this is, so that the user's next token finds what this one has fetched. It is to be called
	// when the token's user is known; "" changes nothing.
	Remember func(user string)
	// Blobs fetches images and attachments.
	Blobs   *blob.Fetcher
	options coda.Options
	demo    bool
	// scratch is the cache's folder if it belongs to this run alone, else nil.
	scratch *scratch
}

// Options say what a workspace is opened for.
type Options struct {
	// Afresh keeps this run's contents apart from all others: nothing fetched earlier is used.
	Afresh bool
	// Status adds to .codafs/status.json.
	Status func(context.Context, *fs.Status)
	// Changed is remote.Options.Changed, Refresh is remote.Options.Refresh.
	Changed func(docID string)
	Refresh time.Duration
	// Prefetch is remote.Options.Prefetch.
	Prefetch int
	// RowDeltas is codadocs.Options.RowDeltas, Parallel remote.Options.Parallel.
	RowDeltas int64
	Parallel  int
	// Memory is remote.Options.Memory.
	Memory int64
	// Summary says that warnings will be in a summary: until then they are logged at debug level only.
	Summary bool
	// Notices prints the notes about the whole workspace; nil makes a new one.
	Notices *term.Notices
	// Outage is coda.Options.Outage.
	Outage rest.Outage
}

// Tree makes a workspace from the settings. It sends nothing. The caller must close it.
func Tree(s *config.Settings, std term.Streams, o Options) (*Workspace, error) {
	log, err := s.Logger(std)
	if err != nil {
		return nil, err
	}
	options, err := ClientOptions(s, std, log)
	if err != nil {
		return nil, err
	}
	s.Selection.Names = fs.NameMode(s.Names)
	if s.Selection.Names != fs.NamesID && s.Selection.Names != fs.NamesTitle {
		return nil, exit.Usagef("--names %q: want id or title", s.Names)
	}
	if err := s.SettleFiles(); err != nil {
		return nil, err
	}
	options.Outage = o.Outage
	client, err := coda.New(options)
	if err != nil {
		return nil, err
	}
	blobs, err := fetcher(s, client)
	if err != nil {
		return nil, err
	}
	disk, scratch, dir, err := openContents(s, std, log, o.Afresh)
	if err != nil {
		return nil, err
	}
	level := slog.LevelWarn
	if o.Summary {
		level = slog.LevelDebug
	}
	warned := func(f fs.Failure) {
		log.Log(context.Background(), level, f.Message, "path", f.Path, "code", f.Code)
	}
	if o.Notices == nil {
		o.Notices = &term.Notices{Out: std.Err}
	}
	w := New(client, disk, log, codadocs.Options{Options: remote.Options{
		Account: account(dir, options), Refresh: o.Refresh, Prefetch: o.Prefetch, Parallel: o.Parallel, Memory: o.Memory,
		Status: o.Status, Changed: o.Changed, Warned: warned, Notice: o.Notices.Add,
	}, Select: s.Selection, RowDeltas: o.RowDeltas, Blobs: blobs})
	w.scratch, w.options, w.demo = scratch, options, s.Demo
	w.Remember = func(user string) { rememberAccount(dir, options, user) }
	return w, nil
}

// New makes a workspace of parts that are open already. Close closes the disk too.
func New(client *coda.Client, disk *cache.Disk, log *slog.Logger, o codadocs.Options) *Workspace {
	return &Workspace{Client: client, Tree: codadocs.New(client, store{disk}, o), Log: log, Cache: disk, Blobs: o.Blobs, Remember: func(string) {}}
}

// Close waits until all work has ended, and closes the cache. It must be called once, and after a mount or a snapshot of the
// tree has ended. The order matters: the tree's last fetches still go into the cache.
func (w *Workspace) Close() {
	w.Tree.Close()
	_ = w.Cache.Close()
	if w.scratch != nil {
		if err := w.scratch.remove(); err != nil {
			w.Log.Warn("a folder stays behind", "error", err)
		}
	}
}
