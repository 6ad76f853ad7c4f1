package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
)

// workspace is what a command works on: the client and the tree over it.
type workspace struct {
	client *coda.Client
	tree   *remote.Tree
	log    *slog.Logger
	cache  *cache.Disk
	// scratch is the cache's folder if it belongs to this run alone, else nil.
	scratch *scratch
	// remember stores whose token this is for the next run.
	remember func(user string)
}

// openOptions say what a workspace is opened for.
type openOptions struct {
	// afresh keeps this run's contents apart from all others: nothing fetched earlier is used.
	afresh bool
	// status adds to .codafs/status.json.
	status func(context.Context, *fs.Status)
	// changed is codadocs.Options.Changed; refresh is codadocs.Options.Refresh.
	changed func(docID string)
	refresh time.Duration
	// prefetch is codadocs.Options.Prefetch.
	prefetch int
	// rowDeltas is codadocs.Options.RowDeltas, parallel codadocs.Options.Parallel.
	rowDeltas int64
	parallel  int
	// summary says that warnings will be in a summary: until then they are logged at debug level only.
	summary bool
	// notices prints the notes about the whole workspace; nil makes a new one.
	notices *term.Notices
	// outage is coda.Options.Outage.
	outage rest.Outage
}

// open makes a workspace from the settings. It sends nothing.
func openTree(s *config.Settings, std term.Streams, o openOptions) (*workspace, error) {
	log, err := s.Logger(std)
	if err != nil {
		return nil, err
	}
	options, err := clientOptions(s, std, log)
	if err != nil {
		return nil, err
	}
	s.Selection.Names = fs.NameMode(s.Names)
	if s.Selection.Names != fs.NamesID && s.Selection.Names != fs.NamesTitle {
		return nil, exit.Usagef("--names %q: want id or title", s.Names)
	}
	options.Outage = o.outage
	client, err := coda.New(options)
	if err != nil {
		return nil, err
	}
	disk, scratch, dir, err := openContents(s, std, log, o.afresh)
	if err != nil {
		return nil, err
	}
	level := slog.LevelWarn
	if o.summary {
		level = slog.LevelDebug
	}
	warned := func(f fs.Failure) {
		log.Log(context.Background(), level, f.Message, "path", f.Path, "code", f.Code)
	}
	if o.notices == nil {
		o.notices = &term.Notices{Out: std.Err}
	}
	tree := codadocs.New(client, store{disk}, codadocs.Options{Options: remote.Options{
		Account:  account(dir, options),
		Refresh:  o.refresh,
		Prefetch: o.prefetch,
		Parallel: o.parallel,
		Status:   o.status,
		Changed:  o.changed,
		Warned:   warned,
		Notice:   o.notices.Add,
	}, Select: s.Selection, RowDeltas: o.rowDeltas})
	remember := func(user string) { rememberAccount(dir, options, user) }
	return &workspace{client, tree, log, disk, scratch, remember}, nil
}

// close waits until all work has ended.
func (w *workspace) close() {
	w.tree.Close()
	_ = w.cache.Close()
	if w.scratch != nil {
		if err := w.scratch.remove(); err != nil {
			w.log.Warn("a folder stays behind", "error", err)
		}
	}
}

// clientOptions checks the settings of the client, and finds the token. It sends nothing.
func clientOptions(s *config.Settings, std term.Streams, log *slog.Logger) (coda.Options, error) {
	o := coda.Options{
		BaseURL: s.BaseURL(), UserAgent: s.Tool, MaxRetries: s.MaxRetries, ExportTimeout: s.ExportTimeout,
		StrictLatest: s.StrictLatest, Offline: s.Offline, Log: log, Rates: map[rate.Class]rate.Rate{},
	}
	if term.IsScreen(std.Err) && s.LogFile == "" {
		o.ShowsOutages = true // in plain words; the same in a log line between them would be a repetition
	}
	if o.MaxRetries == 0 {
		o.MaxRetries = rest.NoRetries // 0 would mean the default
	}
	for _, r := range s.Rates {
		class, rate, err := coda.ParseRate(r)
		if err != nil {
			return o, exit.UsageError{Err: err}
		}
		o.Rates[class] = rate
	}
	if s.MaxRetries < 0 {
		return o, exit.Usagef("--max-retries %d: want 0 or more", s.MaxRetries)
	}
	if s.ExportTimeout <= 0 {
		return o, exit.Usagef("--export-timeout %v: want a time above 0", s.ExportTimeout)
	}
	if s.Concurrency < 1 {
		return o, exit.Usagef("--concurrency %d: want 1 or more", s.Concurrency)
	}
	if err := s.DemoBesideToken(); err != nil {
		return o, err
	}
	if s.Demo {
		o.Token, o.Unlimited = "demo", true
		o.Transport = codatest.New(codatest.Sample(), codatest.Options{}).RoundTripper()
		return o, nil
	}
	var err error
	if o.Token, err = config.FindToken(s.TokenFile, func(line string) { fmt.Fprintln(std.Err, "codafs: warning: "+line) }); err != nil {
		return o, err
	}
	if dir, err := s.CacheFolder(); err == nil { // else this process applies the limits alone
		o.StateFile = rateFile(dir, o)
	}
	return o, nil
}

// openContents opens the cache, or a scratch folder for this run alone: if afresh is set, if the cache folder cannot be
// used, or if there is no place for one. dir is the folder of the cache, or of its substitute.
func openContents(s *config.Settings, std term.Streams, log *slog.Logger, afresh bool) (disk *cache.Disk, run *scratch, dir string, err error) {
	dir, err = s.CacheFolder()
	homeless := err != nil
	if homeless && s.Offline {
		return nil, nil, "", err
	}
	if !homeless {
		removeDeadRuns(dir)
	}
	if !homeless && !afresh {
		disk, err = openCache(s, dir, log)
		if _, misused := errors.AsType[exit.UsageError](err); err == nil || misused || s.Offline {
			return disk, nil, dir, err
		}
	}
	if err != nil {
		fmt.Fprintf(std.Err, "codafs: warning: %v; what is fetched is kept for this run alone\n", err)
	}
	if homeless {
		run, err = newTempScratch()
	} else {
		run, err = newScratch(dir)
	}
	if err != nil {
		return nil, nil, "", fmt.Errorf("cache: %w (another place: --cache-dir)", err)
	}
	if homeless {
		dir = run.dir
	}
	if disk, err = openCache(s, run.dir, log); err != nil {
		return nil, nil, "", errors.Join(err, run.remove())
	}
	return disk, run, dir, nil
}

// openCache opens the cache in dir, and makes it if it is missing.
func openCache(s *config.Settings, dir string, log *slog.Logger) (*cache.Disk, error) {
	size, err := term.ParseSize(s.CacheSize)
	if err != nil {
		return nil, exit.Usagef("--cache-size: %w", err)
	}
	disk, err := cache.OpenDisk(dir, cache.Options{MaxBytes: size, Log: log})
	if err != nil {
		return nil, fmt.Errorf("cache: %w (another place: --cache-dir)", err)
	}
	return disk, nil
}

// store adapts the cache to fs.Store.
type store struct{ *cache.Disk }

func (s store) Get(ctx context.Context, key string, fill func(context.Context, io.Writer) error) (fs.Content, error) {
	return content(s.Disk.Get(ctx, key, fill))
}

func (s store) Put(ctx context.Context, key string, fill func(context.Context, io.Writer) error) (fs.Content, error) {
	return content(s.Disk.Put(ctx, key, fill))
}

func (s store) Lookup(ctx context.Context, key string) (fs.Content, bool) {
	c, ok := s.Disk.Lookup(ctx, key)
	if !ok {
		return nil, false
	}
	return c, true
}

// content keeps a nil pointer from becoming a non-nil interface.
func content(c *cache.Content, err error) (fs.Content, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}
