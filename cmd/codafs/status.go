package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"text/tabwriter"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/spf13/cobra"
)

func newStatus(std streams) *cobra.Command {
	var s settings
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [MOUNTPOINT]",
		Short: "Show what is mounted, and how cache and rate limits are used",
		Long: `Show the mount at MOUNTPOINT, or all mounts of this user: whether each answers, whose workspace it shows, how old
its list of docs is, and its last errors with their reasons. Then how full the cache is, and for each of Coda's
rate limits how much of its present window is used, what waits for it, and when that will be done: all codafs
processes of this token on this machine count together. Nothing is asked of Coda.`,
		Example: `  codafs status
  codafs status --json ~/coda
  watch -n1 codafs status                 while a backup runs`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeMounts,
		RunE:              func(cmd *cobra.Command, args []string) error { return runStatus(cmd.Context(), &s, std, args, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	s.registerService(cmd, "rate", "max-retries", "export-timeout", "strict-latest", "offline")
	return cmd
}

// status is what the command shows; its JSON form is promised.
type status struct {
	Mounts []mountReport `json:"mounts"`
	Cache  cacheStatus   `json:"cache"`
	// Limits are those of the token that is set here; none without one.
	Limits []limitStatus `json:"limits"`
	token  bool
}

// limitStatus is one rate class. Times are absent where there is nothing to wait for.
type limitStatus struct {
	Class       coda.Class `json:"class"`
	Limit       int        `json:"limit"`
	PerSeconds  float64    `json:"per_seconds"`
	Used        int        `json:"used"`
	Interactive int        `json:"waiting_interactive"`
	Background  int        `json:"waiting_background"`
	PausedUntil time.Time  `json:"paused_until,omitzero"`
	Margin      float64    `json:"margin_seconds"`
	DoneAt      time.Time  `json:"done_at,omitzero"`
}

func runStatus(ctx context.Context, s *settings, std streams, args []string, asJSON bool) error {
	out, err := s.status(ctx, std, args)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(std.out, out)
	}
	return out.print(std.out)
}

func (s *settings) status(ctx context.Context, std streams, args []string) (out status, err error) {
	if len(args) == 1 {
		one, err := reportOnNamed(ctx, args[0])
		if err != nil {
			return out, err
		}
		out.Mounts = []mountReport{one}
	} else if out.Mounts, err = allMounts(ctx); err != nil {
		return out, err
	}
	if _, err := s.cacheFolder(); err != nil {
		out.Cache.Problem = err.Error()
	} else if out.Cache, err = s.cacheStatus(ctx, std); err != nil {
		if _, misused := errors.AsType[usageError](err); misused {
			return out, err
		}
		out.Cache.Problem = err.Error()
	}
	out.Limits, err = s.limits(std)
	if _, noToken := errors.AsType[tokenError](err); noToken {
		return out, nil // all else is known without one
	}
	out.token = true
	return out, err
}

// limits reads how the rate limits are used. Where nothing ran yet, none is.
func (s *settings) limits(std streams) ([]limitStatus, error) {
	log, err := s.logger(std)
	if err != nil {
		return nil, err
	}
	o, err := s.clientOptions(std, log)
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
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, m := range s.Mounts {
		for _, line := range m.lines() {
			fmt.Fprintf(out, "%s\t%s\n", line[0], line[1])
		}
		fmt.Fprintln(out)
	}
	if len(s.Mounts) == 0 {
		fmt.Fprintln(out, "mount\tnone")
	}
	fmt.Fprintf(out, "cache\t%s\n", cmp.Or(s.Cache.Problem,
		fmt.Sprintf("%s of %s in %s", formatSize(s.Cache.Bytes), formatSize(s.Cache.MaxBytes), s.Cache.Folder)))
	switch {
	case !s.token:
		fmt.Fprintln(out, "limits\tnot shown: no API token here says whose")
	case len(s.Limits) == 0:
		fmt.Fprintln(out, "limits\tnothing was sent with this token yet")
	}
	if err := out.Flush(); err != nil || len(s.Limits) == 0 {
		return err
	}
	fmt.Fprintln(w)
	return printLimits(w, s.Limits)
}

func printLimits(w io.Writer, limits []limitStatus) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "limit\tused\twaiting\tpaused until\tdone at")
	for _, l := range limits {
		fmt.Fprintf(out, "%s\t%d of %d in %gs\t%d\t%s\t%s\n", l.Class, l.Used, l.Limit, l.PerSeconds, l.Interactive+l.Background,
			clock(l.PausedUntil), clock(l.DoneAt))
	}
	return out.Flush()
}

// clock is a time of day, "-" for none.
func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format(time.TimeOnly)
}
