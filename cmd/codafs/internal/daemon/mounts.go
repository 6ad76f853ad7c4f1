package daemon

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
)

// Report is what is known of a mount; its JSON form is promised, as is that of status.json in it: fields are added only.
type Report struct {
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

// The states of a mount.
const (
	Live  = "live"  // it answers
	Dead  = "dead"  // its process is gone; unmount it
	Stuck = "stuck" // its process does not answer in time
	// Covered cannot be asked: its path leads to another mount.
	Covered = "covered"
)

// stuckAfter is how long a mount may take to answer. It answers with the token's user, which may take as long as Coda
// does, up to RefusedWithin.
const stuckAfter = RefusedWithin + time.Second

// shownErrors is how many of a mount's errors are shown; all are in its .codafs/errors.jsonl.
const shownErrors = 5

// Mounts reports on all mounts of this user, in the system's order. They are asked at the same time; it takes no longer than
// stuckAfter.
func Mounts(ctx context.Context) ([]Report, error) {
	paths, err := mountpoint.List()
	if err != nil {
		return nil, err
	}
	reports := make([]Report, len(paths))
	var all sync.WaitGroup
	for i, p := range paths {
		all.Go(func() { reports[i] = askElsewhere(ctx, p) })
	}
	all.Wait()
	return reports, nil
}

// AskCommand is the hidden command that runs [Ask] in another process.
const AskCommand = "__mount"

// askElsewhere asks the mount at a path in another process. If the server has taken the request and does not answer, not even
// SIGKILL ends that process: it is left behind, and ends with the mount. The goroutine that waits for it is left behind
// too; the program is one that soon ends.
func askElsewhere(ctx context.Context, path string) Report {
	ctx, cancel := context.WithTimeout(ctx, stuckAfter)
	defer cancel()
	answered := make(chan Report, 1)
	go func() {
		r := Report{Mountpoint: path, State: Stuck}
		exe, err := os.Executable()
		if err == nil {
			var out []byte
			if out, err = exec.CommandContext(ctx, exe, AskCommand, path).Output(); err == nil {
				_ = json.Unmarshal(out, &r) // what cannot be read changes nothing
			}
		}
		answered <- r
	}()
	select {
	case r := <-answered:
		return r
	case <-ctx.Done():
		return Report{Mountpoint: path, State: Stuck}
	}
}

// Ask asks the mount at a path, in this process: it hangs for as long as the mount does, and no signal ends it then. It reads
// what the kernel may have to fetch from the mount's process, but nothing of Coda.
func Ask(path string) Report {
	r := Report{Mountpoint: path, State: Live}
	switch state, err := mountpoint.StateOf(path); {
	case err != nil:
		r.State = Stuck
		return r
	case state == mountpoint.Covered:
		r.State = Covered
		return r
	case state != mountpoint.Live:
		r.State = Dead
		return r
	}
	b, err := os.ReadFile(filepath.Join(path, fs.StatusFile))
	if err != nil || json.Unmarshal(b, &r.Status) != nil {
		r.State = Stuck
		return r
	}
	r.Errors = lastErrors(path)
	return r
}

// Named reports on a folder that a user names: if it is not a mount, that is an error, which says where to look.
func Named(ctx context.Context, dir string) (Report, error) {
	all, err := mountpoint.List()
	if err != nil {
		return Report{}, err
	}
	if path := config.Absolute(dir); slices.Contains(all, path) {
		return askElsewhere(ctx, path), nil
	}
	if _, err := snapshot.Mounted(dir); err != nil {
		return Report{}, exit.WithHint(err, "without a folder, 'codafs status' shows all mounts")
	}
	return Ask(config.Absolute(dir)), nil // the mount is listed under another path
}

// lastErrors reads the newest errors of a mount, as far as they can be read. The file is read to its end, since the newest are
// last; memory is for shownErrors of them.
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

// Known is Status as a struct. Fields that this version does not know, or knows in another form, are left out.
func (r Report) Known() (s fs.Status) {
	if b, err := json.Marshal(r.Status); err == nil {
		_ = json.Unmarshal(b, &s)
	}
	return s
}

// Lines is the report for people, as pairs of a name and a text, always in one order. A line without a name goes on with
// the one before it.
func (r Report) Lines() (out [][2]string) {
	add := func(name, format string, args ...any) {
		out = append(out, [2]string{name, fmt.Sprintf(format, args...)})
	}
	add("mount", "%s (%s)", r.Mountpoint, r.State)
	if r.Status == nil {
		return out
	}
	s := r.Known()
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
	if d := s.Downloads; d != nil {
		add("downloads", "%d running, %d waiting; %s, %s so far", d.Running, d.Waiting, term.Count(int(d.Done), "file"), term.FormatSize(d.Bytes))
	}
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
