package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/snapshot"
	"github.com/spf13/cobra"
)

func newStatus(std streams) *cobra.Command {
	var s settings
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [MOUNTPOINT]",
		Short: "Show how the rate limits are used, and what a mount does",
		Long: `Show, for each of Coda's rate limits, how much of its present window is used, what waits for it,
and when that will be done. All codafs processes of this token on this machine count together.
With MOUNTPOINT, also what that mount knows: whose workspace it is, how old its list of docs is,
and its last error. Nothing is asked of Coda.`,
		Example: `  codafs status
  codafs status --json ./mnt`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return runStatus(&s, std, args, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	s.register(cmd.Flags())
	return cmd
}

// status is what the command shows; its JSON form is promised.
type status struct {
	Mount  map[string]any `json:"mount,omitempty"`
	Limits []limitStatus  `json:"limits"`
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

func runStatus(s *settings, std streams, args []string, asJSON bool) error {
	var out status
	if len(args) == 1 {
		var err error
		if out.Mount, err = mountStatus(args[0]); err != nil {
			return err
		}
	}
	var err error
	out.Limits, err = s.limits(std)
	if _, noToken := errors.AsType[tokenError](err); noToken && out.Mount != nil {
		err = nil // what the mount says is known without one
	}
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(std.out, out)
	}
	return out.print(std.out)
}

// mountStatus is what a mount says of itself.
func mountStatus(dir string) (map[string]any, error) {
	if _, err := snapshot.Mounted(dir); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(dir, ".codafs", "status.json"))
	if err != nil {
		return nil, err
	}
	var m map[string]any
	return m, json.Unmarshal(b, &m)
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
	for _, key := range []string{"mountpoint", "account", "docs", "docs_listed_age_seconds", "service_down", "token_problem", "errors"} {
		if v, ok := s.Mount[key]; ok {
			fmt.Fprintf(out, "%s\t%v\n", key, v)
		}
	}
	switch {
	case len(s.Limits) == 0 && s.Mount == nil:
		fmt.Fprintln(out, "nothing was sent with this token yet")
	case len(s.Limits) > 0:
		fmt.Fprintln(out, "limit\tused\twaiting\tpaused until\tdone at")
	}
	for _, l := range s.Limits {
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
