package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/daemon"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount"
	"github.com/codafs/codafs/fs/source/codadocs"
	sd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"
)

// mountOptions are the settings of 'codafs mount'. The selection of docs and files is in config.Settings and does not change
// while the mount lives; another one takes another mount.
type mountOptions struct {
	config.Settings
	// refresh is how often the list of docs is read, and how old bytes without a stamp may be when they are read.
	refresh time.Duration
	// prefetch is how many files are under way ahead of a program that reads one after the other. An export takes seconds, so
	// only many at a time use up what Coda allows; more than the limit lets through in that time would only wait longer.
	prefetch int
	// sizes is a mount.Sizes. Size 0, or one that is too small, makes programs copy empty or cut files without an error; so an
	// unknown size is fetched, or is an estimate that is too large.
	sizes string
	// xattrs is off by default: with it 'ls -l' of 10,000 files sends 20,000 messages more (642 ms instead of 44).
	xattrs bool
	// allowOther lets other users read the mount: all that this user's token may see.
	allowOther bool
	// background returns as soon as the mount can be used; a second process serves it (package daemon).
	background bool
}

// mountGarbage is GOGC for a mount, unless the environment has one: half as much garbage as Go's own 100 allows. What a mount
// holds stays for long, and each byte of it counts with its garbage.
const mountGarbage = 50

// mountLists is how many bytes the tree's lists may take, about: those of some 80,000 pages. Others are read from the cache again.
const mountLists = 32 << 20

// newMount makes 'codafs mount'. It stays until it is unmounted or gets a signal, and then ends with 0: that is how a mount
// ends. It ends with another code only before it is of use: a wrong call (2), a token that is missing or refused within
// daemon.RefusedWithin (4), no FUSE or a folder that cannot be mounted on (1). Later a refused token, or an outage of any
// length, leaves the mount as it is: what was fetched stays readable, and status.json says what is wrong.
//
// Messages go to standard error. That nobody reads them, or that the terminal is closed under nohup, does not end it.
// With --background the first process returns when the mount can be used, with the code that a mount in the foreground
// would have ended with (package daemon).
func newMount(std term.Streams) *cobra.Command {
	o := mountOptions{Settings: newSettings()}
	cmd := &cobra.Command{
		Use:   "mount MOUNTPOINT",
		Short: "Show the workspace as folders and files",
		Long: `Show the workspace at MOUNTPOINT, an existing folder, until Ctrl-C or 'codafs unmount'. It can
only be read: nothing in Coda is changed.

A file's content is fetched when it is first opened, or when a program other than those that only
look asks for its size, and kept on disk. Needs FUSE: fuse3 on Linux, macFUSE on macOS. Started by systemd
(Type=notify), it reports when it is ready and when it ends.

With --files each doc also has files/ and files.json. Whoever lists the one or reads or stats the other, as find -ls and du do, has all pages of the doc
exported as HTML, once: 10 minutes for 1,000 pages. Without it no such walk costs anything. A file itself is fetched when it is opened.

What has changed is known from Coda's times of change. Tables with Today(), Now(), User() or a random number in a column or
filter, the pages that show them, named formulas and permissions change without one: they are asked for again when they are read
and older than --refresh. Other calculated values stay as they were fetched until their table or page is edited.`,
		Example: `  mkdir -p mnt && codafs mount --demo mnt
  codafs mount --doc 'Product Launch Hub' ~/coda
  codafs mount --background ~/coda 2>>codafs.log`,
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.background && !daemon.InBackground() {
				return daemon.StartBackground(cmd.Context())
			}
			return runMount(cmd.Context(), &o, std, args[0])
		},
	}
	f := cmd.Flags()
	// A minute costs one request for each page of the list of docs, of which Coda allows 4 in 6 s (Coda API 1.5.0, listDocs).
	f.DurationVar(&o.refresh, "refresh", time.Minute, "ask Coda every `TIME` which docs have changed")
	f.IntVar(&o.prefetch, "prefetch", 16, "fetch up to `N` files ahead of a program that reads one after the other; 0 is none")
	f.StringVar(&o.sizes, "sizes", string(mount.Auto),
		"the size that a file has before it was first fetched; `MODE` is exact (fetch it to know), estimate (too large, "+
			"until a program opens the file) or auto (estimates for programs that only look, such as ls, find and file managers, and exact sizes for all others)")
	f.BoolVar(&o.xattrs, "xattrs", false, "show ids, links and stamps as extended attributes (makes ls -l slower)")
	f.BoolVar(&o.allowOther, "allow-other", false, "let other users of this machine read the mount")
	f.BoolVar(&o.background, "background", false,
		"return when it is mounted and Coda has accepted the token, or has not answered for 2 seconds; it then logs to standard error only where that is a file")
	o.Register(f)
	completeDocs(cmd, &o.Settings)
	return cmd
}

// check refuses values that no mount can have. The flags of config.Settings are checked by whoever uses them.
func (o *mountOptions) check() error {
	switch mount.Sizes(o.sizes) {
	case mount.Auto, mount.Exact, mount.Estimate:
	default:
		return exit.Usagef("--sizes %q: want auto, exact or estimate", o.sizes)
	}
	if o.refresh <= 0 {
		return exit.Usagef("--refresh %v: want a time above 0", o.refresh)
	}
	if o.prefetch < 0 {
		return exit.Usagef("--prefetch %d: want 0 or more", o.prefetch)
	}
	return nil
}

// runMount opens the workspace, mounts it, and serves it to its end. It mounts before the token's user is asked for, so
// that a service that does not answer does not delay the mount.
//
// The tree is made before the server that it tells of changes, and either may speak first; so the tree's callbacks find the
// server in an atomic pointer, nil until it is mounted. What they missed is made up for by one Changed("") afterwards. The
// order of the end is that of Close and Unmount: first the kernel asks nothing more, then the tree ends its work, then the
// cache is closed.
func runMount(ctx context.Context, o *mountOptions, std term.Streams, dir string) error {
	if err := o.check(); err != nil {
		return err
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // if nobody reads its messages, the mount must not die
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(mountGarbage))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	who, started, path := daemon.NewIdentity(), time.Now().UTC(), config.Absolute(dir)
	var server atomic.Pointer[mount.Server]
	changed := func(docID string) {
		if m := server.Load(); m != nil {
			m.Changed(docID)
		}
	}
	var w *open.Workspace
	var err error
	// The tree calls this for each look at status.json, from any goroutine. Whose token it is may not be known yet: Get
	// waits for that, until RefusedWithin after the start and never longer.
	status := func(ctx context.Context, s *fs.Status) {
		name, problem := who.Get(ctx)
		s.Account, s.TokenProblem, s.APIURL, s.Selection = &name, problem, o.BaseURL(), o.Recorded()
		s.Tool, s.PID, s.Goroutines, s.Mountpoint, s.StartedAt = tool(), os.Getpid(), runtime.NumGoroutine(), path, started
		if _, why := w.Client.Away(); why != nil {
			s.ServiceDown = why.Error()
		}
		if o.Selection.Files {
			downloads := fs.Downloads(w.Blobs.Stats())
			s.Downloads = &downloads
		}
		if m := server.Load(); m != nil {
			s.Mount, s.Cache = m.Stats(), w.Cache.Counts()
		}
	}
	w, err = open.Tree(&o.Settings, std, open.Options{Refresh: o.refresh, Prefetch: o.prefetch, Memory: mountLists, Changed: changed, Status: status})
	if err != nil {
		return err
	}
	defer w.Close()
	// Notified: the tree tells of changes, so the kernel may keep names and attributes for an hour.
	m, err := mount.Mount(dir, w.Tree.Root(), mount.Options{AllowOther: o.allowOther, XAttrs: o.xattrNames(),
		Sizes: mount.Sizes(o.sizes), Notified: true, Offline: o.Offline, Guard: guardProcess, Log: w.Log})
	if err != nil {
		return err
	}
	server.Store(m)
	m.Changed("") // for changes before the kernel could be notified
	ready := func() error { return nil }
	if o.background {
		ready = func() error { return goIntoBackground(std, who, dir) }
	} else {
		fmt.Fprintf(std.Err, "codafs: mounted at %s; Ctrl-C or 'codafs unmount %s' ends it\n", dir, dir)
	}
	return serve(ctx, cancel, o, w, who, m, ready)
}

// guardName is the name by which this program is called as a mount's guard.
const guardName = "codafs-guard"

// guardProcess makes the command for [mount.Options].Guard: this program under another name. /proc/self/exe is the program that
// runs, whatever has become of its file: the two processes must speak the same protocol.
func guardProcess() *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{guardName}
	cmd.Env = []string{} // it does not need the token
	return cmd
}

// goIntoBackground says that it is mounted and detaches: after the token was accepted, or the wait for that took too
// long. It must print first, since standard error may lead nowhere afterwards.
func goIntoBackground(std term.Streams, who *daemon.Identity, dir string) error {
	if !who.Answered() {
		fmt.Fprintf(std.Err, "codafs: warning: no answer from Coda in %v: whether the token is good is not known yet; 'codafs status %s' shows it later\n", daemon.RefusedWithin, dir)
	}
	fmt.Fprintf(std.Err, "codafs: mounted at %s; 'codafs unmount %s' ends it\n", dir, dir)
	if err := daemon.TellReady(); err != nil {
		return fmt.Errorf("going into the background: %w", err)
	}
	return nil
}

// serve keeps the mount until it is unmounted, a signal comes, or the token is refused at once. It calls ready when the
// token was accepted, or nobody waits for that any longer; systemd hears of it then, too (Type=notify).
//
// Three goroutines work beside it: one looks for changes every --refresh, one asks for the token's user, one decides whether
// this mount is of use. All end with ctx, and serve returns after them. Whoever finds the mount useless cancels ctx with the
// reason; m.Wait alone cannot be cancelled, and returns when the kernel has let go of the mount.
func serve(ctx context.Context, cancel context.CancelCauseFunc, o *mountOptions, w *open.Workspace, who *daemon.Identity, m *mount.Server, ready func() error) error {
	var beside sync.WaitGroup
	beside.Go(func() {
		if !o.Offline {
			w.Tree.Run(ctx, o.refresh)
		}
	})
	beside.Go(func() { who.Find(ctx, w, cancel) })
	beside.Go(func() {
		if err := o.noDoc(ctx, w, who.Until); err != nil {
			cancel(err)
		}
		who.Get(ctx) // a token that is refused now ends the mount
		if ctx.Err() != nil {
			return
		}
		tellSystemd(w.Log, sd.SdNotifyReady)
		if err := ready(); err != nil {
			cancel(err)
		}
	})
	gone := make(chan struct{})
	go func() { m.Wait(); close(gone) }()
	var err error
	select {
	case <-gone:
	case <-ctx.Done():
		err = context.Cause(ctx)
		tellSystemd(w.Log, sd.SdNotifyStopping)
		if e := m.Unmount(); e != nil {
			err = errors.Join(err, e)
		}
		<-gone
	}
	cancel(nil)
	beside.Wait()
	if _, bySignal := errors.AsType[exit.SignalError](err); bySignal {
		return nil // this is how a mount ends
	}
	return err
}

// xattrNames is what the names of extended attributes begin with, after "user."; "" for none.
func (o *mountOptions) xattrNames() string {
	if o.xattrs {
		return "coda"
	}
	return ""
}

// noDoc reports that --doc names a doc which does not exist, as far as that is known until a time; with --offline also that
// nothing is known. Without it a slip in --doc would be an empty mount. Other failures are no reason to end: they may pass.
func (o *mountOptions) noDoc(ctx context.Context, w *open.Workspace, until time.Time) error {
	if len(o.Selection.Docs) == 0 && !o.Offline {
		return nil
	}
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	docs, err := w.Tree.Root().Lookup(ctx, "docs")
	if err == nil {
		_, err = docs.(fs.Dir).Entries(ctx)
	}
	if missing, ok := errors.AsType[*codadocs.NoDocError](err); ok {
		return missing
	}
	if rest.CodeOf(err) == rest.CodeOffline {
		return err
	}
	return nil
}

// tellSystemd tells the service manager the state of the mount, if there is one (sd_notify(3)).
func tellSystemd(log *slog.Logger, state string) {
	if _, err := sd.SdNotify(false, state); err != nil {
		log.Warn("systemd was not told", "state", state, "error", err)
	}
}
