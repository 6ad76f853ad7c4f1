package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount/mountpoint"
	"github.com/codafs/codafs/snapshot"
	"github.com/spf13/cobra"
)

// mountReport is what is known of a mount; its JSON form is promised.
type mountReport struct {
	Mountpoint string `json:"mountpoint"`
	// State is live, dead (its process is gone), stuck (it does not answer) or covered (something else is mounted over
	// it).
	State string `json:"state"`
	// Status is the mount's .codafs/status.json, nil if the mount is not live. It keeps all fields: the mount may be
	// one of another version.
	Status map[string]any `json:"status,omitempty"`
	// Errors are the mount's newest errors, oldest first.
	Errors []fs.Failure `json:"last_errors,omitempty"`
}

const (
	mountLive  = "live"
	mountDead  = "dead"
	mountStuck = "stuck"
	// mountCovered cannot be asked: its path leads to another mount.
	mountCovered = "covered"
)

// stuckAfter is how long a mount may take to answer. It answers with the token's user, which may take as long as Coda
// does, up to refusedWithin.
const stuckAfter = refusedWithin + time.Second

// shownErrors is how many of a mount's errors are shown; all are in its .codafs/errors.jsonl.
const shownErrors = 5

// allMounts reports on all mounts of this user.
func allMounts(ctx context.Context) ([]mountReport, error) {
	paths, err := mountpoint.List()
	if err != nil {
		return nil, err
	}
	reports := make([]mountReport, len(paths))
	var all sync.WaitGroup
	for i, p := range paths {
		all.Go(func() { reports[i] = ask(ctx, p) })
	}
	all.Wait()
	return reports, nil
}

// askCommand is the hidden command that runs reportOn in another process.
const askCommand = "__mount"

// ask asks the mount at a path in another process. If the server has taken the request and does not answer, not even
// SIGKILL ends that process: it is left behind, and ends with the mount.
func ask(ctx context.Context, path string) mountReport {
	ctx, cancel := context.WithTimeout(ctx, stuckAfter)
	defer cancel()
	answered := make(chan mountReport, 1)
	go func() {
		r := mountReport{Mountpoint: path, State: mountStuck}
		exe, err := os.Executable()
		if err == nil {
			var out []byte
			if out, err = exec.CommandContext(ctx, exe, askCommand, path).Output(); err == nil {
				_ = json.Unmarshal(out, &r) // what cannot be read changes nothing
			}
		}
		answered <- r
	}()
	select {
	case r := <-answered:
		return r
	case <-ctx.Done():
		return mountReport{Mountpoint: path, State: mountStuck}
	}
}

func newAsk(std term.Streams) *cobra.Command {
	return &cobra.Command{
		Use:    askCommand + " MOUNTPOINT",
		Hidden: true,
		Args:   between(1, 1),
		RunE:   func(_ *cobra.Command, args []string) error { return term.PrintJSON(std.Out, reportOn(args[0])) },
	}
}

// reportOn asks the mount at a path.
func reportOn(path string) mountReport {
	r := mountReport{Mountpoint: path, State: mountLive}
	switch state, err := mountpoint.StateOf(path); {
	case err != nil:
		r.State = mountStuck
		return r
	case state == mountpoint.Covered:
		r.State = mountCovered
		return r
	case state != mountpoint.Live:
		r.State = mountDead
		return r
	}
	b, err := os.ReadFile(filepath.Join(path, fs.StatusFile))
	if err != nil || json.Unmarshal(b, &r.Status) != nil {
		r.State = mountStuck
		return r
	}
	r.Errors = lastErrors(path)
	return r
}

// reportOnNamed reports on a folder that a user names: if it is not a mount, that is an error.
func reportOnNamed(ctx context.Context, dir string) (mountReport, error) {
	all, err := mountpoint.List()
	if err != nil {
		return mountReport{}, err
	}
	if path := config.Absolute(dir); slices.Contains(all, path) {
		return ask(ctx, path), nil
	}
	if _, err := snapshot.Mounted(dir); err != nil {
		return mountReport{}, exit.WithHint(err, "without a folder, 'codafs status' shows all mounts")
	}
	return reportOn(config.Absolute(dir)), nil // the mount is listed under another path
}

// lastErrors reads the newest errors of a mount, as far as they can be read.
func lastErrors(path string) (found []fs.Failure) {
	f, err := os.Open(filepath.Join(path, fs.ErrorsFile))
	if err != nil {
		return nil
	}
	defer f.Close()
	for dec := json.NewDecoder(bufio.NewReader(f)); ; {
		var one fs.Failure
		if dec.Decode(&one) != nil {
			return found
		}
		found = append(found, one)
		if len(found) > shownErrors {
			found = slices.Delete(found, 0, 1)
		}
	}
}

// said is Status as a struct. Fields that this version does not know, or knows in another form, are left out.
func (r mountReport) said() (s fs.Status) {
	if b, err := json.Marshal(r.Status); err == nil {
		_ = json.Unmarshal(b, &s)
	}
	return s
}

// lines is the report for people, as pairs of a name and a text.
func (r mountReport) lines() (out [][2]string) {
	add := func(name, format string, args ...any) {
		out = append(out, [2]string{name, fmt.Sprintf(format, args...)})
	}
	add("mount", "%s (%s)", r.Mountpoint, r.State)
	if r.Status == nil {
		return out
	}
	s := r.said()
	if s.Account != nil && *s.Account != "" {
		add("account", "%s at %s", *s.Account, s.APIURL)
	}
	add("process", "%d, since %s", s.PID, s.StartedAt.Local().Format(time.DateTime))
	listed := "not listed yet"
	if s.DocsListedAge != nil {
		listed = fmt.Sprintf("listed %v ago", time.Duration(*s.DocsListedAge)*time.Second)
	}
	if s.DocsFromEarlierRun {
		listed = "known from earlier: " + listed
	}
	add("docs", "%d, %s", s.Docs, listed)
	if s.ServiceDown != "" {
		add("service down", "%s", s.ServiceDown)
	}
	if s.TokenProblem != "" {
		add("token", "%s", s.TokenProblem)
	}
	add("errors", "%d", s.Errors)
	if s.Warnings > 0 {
		add("warnings", "%d", s.Warnings)
	}
	for _, f := range r.Errors {
		where := cmp.Or(f.Path, f.ObjectID)
		if where != "" {
			where += ": "
		}
		if f.Warning {
			where = "warning: " + where
		}
		add("", "%s %s%s", f.Time.Local().Format(time.DateTime), where, f.Message)
	}
	return out
}
