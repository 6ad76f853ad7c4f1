package status

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/daemon"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
)

// Status is the output of the command; its JSON form is promised. Fields of the mounts' own status are those of each mount's
// release.
type Status struct {
	Coda   Service         `json:"coda"`
	Backup Backup          `json:"last_backup"`
	Mounts []daemon.Report `json:"mounts"`
	Cache  Cache           `json:"cache"`
	// Limits are the rate limits of the token that is set here, by class; empty without a token, and before the first request.
	Limits []Limit `json:"limits"`
	// token says whether a token is set here: without one, empty Limits do not mean that nothing was sent.
	token bool
}

// Collect asks the service and collects all that is known. args may name a mount, output is the folder of backups. A part
// that cannot be read says so itself; the error is a usage error, or that the named folder is no mount. The service is asked
// while this machine is looked at, and waited for in any case: no goroutine is left behind.
func Collect(ctx context.Context, s *config.Settings, std term.Streams, args []string, output string) (Status, error) {
	log, err := s.Logger(std)
	if err != nil {
		return Status{}, err
	}
	// Once for all: a token's file may be a pipe, which gives it to the first who reads.
	o, noClient := open.ClientOptions(s, std, log)
	// The service has askTime to answer, the mounts about as long: both at once, the screen is there in three seconds.
	asked := make(chan Service, 1)
	go func() { asked <- askService(ctx, o, noClient) }()
	out, err := collectLocal(ctx, s, std, args, o, noClient)
	out.Coda = <-asked
	if err != nil {
		return out, err
	}
	out.Backup = lastBackup(output, time.Now())
	return out, nil
}

// collectLocal collects what this machine knows: mounts, cache, and the limits of the client of o, if noClient is nil. It may leave
// out.token false: without a token it is not known whose limits to show.
func collectLocal(ctx context.Context, s *config.Settings, std term.Streams, args []string, o coda.Options, noClient error) (out Status, err error) {
	if len(args) == 1 {
		one, err := daemon.Named(ctx, args[0])
		if err != nil {
			return out, err
		}
		out.Mounts = []daemon.Report{one}
	} else if out.Mounts, err = daemon.Mounts(ctx); err != nil {
		return out, err
	}
	// No place for a cache (no HOME) and a cache that cannot be read are parts of the status. A wrong setting is an error.
	if _, err := s.CacheFolder(); err != nil {
		out.Cache.Problem = err.Error()
	} else if out.Cache, err = OfCache(ctx, s, std); err != nil {
		if _, misused := errors.AsType[exit.UsageError](err); misused {
			return out, err
		}
		out.Cache.Problem = err.Error()
	}
	out.Limits = []Limit{}
	if _, noToken := errors.AsType[exit.TokenError](noClient); noToken {
		return out, nil // all else is known without a token
	}
	if noClient != nil {
		return out, noClient
	}
	out.token = true
	out.Limits, err = readLimits(o)
	return out, err
}

// Print writes the status for people. Lines may change between releases: scripts have the JSON.
func (s Status) Print(w io.Writer) error {
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
