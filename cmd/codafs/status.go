package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"strconv"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/daemon"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rate"
	"github.com/spf13/cobra"
)

func newStatus(std term.Streams) *cobra.Command {
	s := newSettings()
	var output string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [MOUNTPOINT]",
		Short: "Show whether Coda answers, the last backup, what is mounted, and how cache and rate limits are used",
		Long: `Show whether Coda can be reached (one request, unless --offline), and how old the last good backup in
--output is. Then the mount at MOUNTPOINT, or all mounts of this user: whether each answers, whose workspace it
shows, how old its list of docs is, and its last errors with their reasons. Then how full the cache is, and for each of Coda's
rate limits how much of its present window is used, what waits for it, and when that will be done: all codafs
processes of this token on this machine count together. All times are those of this machine's time zone.`,
		Example: `  codafs status
  codafs status --json ~/coda
  watch -n1 codafs status                 while a backup runs`,
		Args:              between(0, 1),
		ValidArgsFunction: completeMounts,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runStatus(cmd.Context(), &s, std, args, output, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	config.PathVar(cmd.Flags(), &output, "output", "o", config.DefaultOutput, "`DIR` that holds the snapshots")
	s.RegisterService(cmd.Flags(), "rate", "max-retries", "export-timeout", "strict-latest")
	return cmd
}

// status is the output of the command; its JSON form is promised.
type status struct {
	Coda   serviceStatus   `json:"coda"`
	Backup backupStatus    `json:"last_backup"`
	Mounts []daemon.Report `json:"mounts"`
	Cache  cacheStatus     `json:"cache"`
	// Limits are the rate limits of the token that is set here; empty without a token.
	Limits []limitStatus `json:"limits"`
	token  bool
}

// limitStatus is one rate class. Times are absent if there is nothing to wait for.
type limitStatus struct {
	Class       rate.Class `json:"class"`
	Limit       int        `json:"limit"`
	PerSeconds  float64    `json:"per_seconds"`
	Used        int        `json:"used"`
	Interactive int        `json:"waiting_interactive"`
	Background  int        `json:"waiting_background"`
	PausedUntil time.Time  `json:"paused_until,omitzero"`
	Margin      float64    `json:"margin_seconds"`
	DoneAt      time.Time  `json:"done_at,omitzero"`
}

func runStatus(ctx context.Context, s *config.Settings, std term.Streams, args []string, output string, asJSON bool) error {
	asked := make(chan serviceStatus, 1)
	go func() { asked <- askService(ctx, s) }()
	out, err := collectStatus(ctx, s, std, args)
	out.Coda = <-asked
	if err != nil {
		return err
	}
	out.Backup = lastBackup(output, time.Now())
	if asJSON {
		return term.PrintJSON(std.Out, out)
	}
	return out.print(std.Out)
}

// status collects all parts. A part that cannot be read says so itself.
func collectStatus(ctx context.Context, s *config.Settings, std term.Streams, args []string) (out status, err error) {
	if len(args) == 1 {
		one, err := daemon.Named(ctx, args[0])
		if err != nil {
			return out, err
		}
		out.Mounts = []daemon.Report{one}
	} else if out.Mounts, err = daemon.Mounts(ctx); err != nil {
		return out, err
	}
	if _, err := s.CacheFolder(); err != nil {
		out.Cache.Problem = err.Error()
	} else if out.Cache, err = cacheStatusOf(ctx, s, std); err != nil {
		if _, misused := errors.AsType[exit.UsageError](err); misused {
			return out, err
		}
		out.Cache.Problem = err.Error()
	}
	out.Limits, err = readLimits(s, std)
	if _, noToken := errors.AsType[exit.TokenError](err); noToken {
		return out, nil // all else is known without a token
	}
	out.token = true
	return out, err
}

// limits reads how much of the rate limits is used. Before the first run it returns none.
func readLimits(s *config.Settings, std term.Streams) ([]limitStatus, error) {
	log, err := s.Logger(std)
	if err != nil {
		return nil, err
	}
	o, err := open.ClientOptions(s, std, log)
	if err != nil || o.StateFile == "" {
		return []limitStatus{}, err
	}
	all, err := coda.ReadLimits(o.StateFile)
	if err != nil && !errors.Is(err, iofs.ErrNotExist) {
		return nil, err
	}
	limits := []limitStatus{}
	for _, b := range all {
		limits = append(limits, limitStatus{b.Class, b.Rate.N, b.Rate.Per.Seconds(), b.Used, b.Interactive, b.Background,
			b.PausedUntil.UTC(), b.Margin.Seconds(), b.DoneAt.UTC()})
	}
	return limits, nil
}

func (s status) print(w io.Writer) error {
	t := term.Table{{term.Colored("coda", term.Bold), s.Coda.cell()}, {term.Colored("last backup", term.Bold), s.Backup.cell()}, {}}
	for _, m := range s.Mounts {
		for _, line := range m.Lines() {
			t.Add(line[0], line[1])
		}
		t.Add()
	}
	if len(s.Mounts) == 0 {
		t.Add("mount", "none")
	}
	t.Add("cache", cmp.Or(s.Cache.Problem,
		fmt.Sprintf("%s of %s in %s", term.FormatSize(s.Cache.Bytes), term.FormatSize(s.Cache.MaxBytes), s.Cache.Folder)))
	switch {
	case !s.token:
		t.Add("limits", "not shown: no API token here says whose")
	case len(s.Limits) == 0:
		t.Add("limits", "nothing was sent with this token yet")
	}
	if err := t.Print(w); err != nil || len(s.Limits) == 0 {
		return err
	}
	fmt.Fprintln(w)
	return limitTable(s.Limits).Print(w)
}

func limitTable(limits []limitStatus) (t term.Table) {
	t.Add("limit", "used", "waiting", "paused until", "done at")
	for _, l := range limits {
		t.Add(string(l.Class), fmt.Sprintf("%d of %d in %gs", l.Used, l.Limit, l.PerSeconds), strconv.Itoa(l.Interactive+l.Background),
			term.Clock(l.PausedUntil), term.Clock(l.DoneAt))
	}
	return t
}

// newAsk makes the hidden command by which a mount is asked: see daemon.AskCommand.
func newAsk(std term.Streams) *cobra.Command {
	return &cobra.Command{
		Use:    daemon.AskCommand + " MOUNTPOINT",
		Hidden: true,
		Args:   between(1, 1),
		RunE:   func(_ *cobra.Command, args []string) error { return term.PrintJSON(std.Out, daemon.Ask(args[0])) },
	}
}
