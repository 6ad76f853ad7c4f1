package writing

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/target"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs/edit/outbox"
	"github.com/codafs/codafs/fs/source/codadocs/codasend"
	"github.com/codafs/codafs/snapshot/format"
)

// Desk is where one command works: the workspace, the account's outbox, and Coda as a service that is written to.
type Desk struct {
	*open.Workspace
	Box     *outbox.Box
	Find    *target.Finder
	Service *codasend.Service
	Flags   *Flags
}

// Flags are those of the writing commands, as they were given. None of them is a setting.
type Flags struct {
	Table, Base     string
	Delete          bool
	MaxDelete       string
	NewOptions      bool
	SendReformatted []string
	StaleOK         bool
	Mine, Theirs    bool
	Again           bool
	Yes, NoWait     bool
	JSON, ExitCode  bool
}

// Open opens a desk. Without a usable state folder it fails with exit code 13. The caller must close it.
func Open(ctx context.Context, s *config.Settings, std term.Streams, f *Flags) (*Desk, error) {
	base, err := s.StateFolder()
	if err != nil {
		return nil, exit.Error{Code: format.ExitDestination, Err: err}
	}
	w, err := open.Tree(s, std, open.Options{Outage: rest.LeaveOutage})
	if err != nil {
		return nil, err
	}
	d := &Desk{Workspace: w, Flags: f, Find: &target.Finder{Client: w.Client, Root: w.Tree.Root(), Asks: !s.Offline}}
	if err := d.open(ctx, s, base); err != nil {
		w.Close()
		return nil, err
	}
	return d, nil
}

// Jobs are all that the outbox has. One that cannot be read has exit code 13: what it holds would be forgotten, or sent again.
func (d *Desk) Jobs() ([]*outbox.Job, error) {
	jobs, err := d.Box.Jobs()
	if err != nil {
		err = exit.Error{Code: format.ExitDestination, Err: err}
	}
	return jobs, err
}

// usable reports whether files can be made in the state folder.
func usable(base string) error {
	if err := os.MkdirAll(base, 0o700); err != nil {
		return fmt.Errorf("the state folder: %w (another place: --state-dir)", err)
	}
	f, err := os.CreateTemp(base, ".tmp-")
	if err != nil {
		return fmt.Errorf("the state folder: %w (another place: --state-dir)", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func (d *Desk) open(ctx context.Context, s *config.Settings, base string) error {
	// The folder comes first: who cannot keep anything must not begin.
	if err := usable(base); err != nil {
		return exit.Error{Code: format.ExitDestination, Err: err}
	}
	dir, err := d.StateFolder(ctx, base)
	if err != nil {
		return err
	}
	if d.Box, err = outbox.Open(dir); err != nil {
		return exit.Error{Code: format.ExitDestination, Err: err}
	}
	latest, err := d.Another(func(o *coda.Options) { o.StrictLatest = true })
	if err != nil {
		return err
	}
	writes := d.Client
	token, err := s.WriteToken()
	if err != nil {
		return err
	}
	if token != "" {
		if writes, err = d.Another(func(o *coda.Options) { o.Token = token }); err != nil {
			return err
		}
		if err := d.SameAccount(ctx, base, writes, token); err != nil {
			return err
		}
	}
	d.Service = &codasend.Service{Reads: d.Client, Latest: latest, Writes: writes, NewOptions: d.Flags.NewOptions}
	return nil
}
