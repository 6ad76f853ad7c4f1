package sealed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// Pruned is what [Prune] did, or would do. Both lists are oldest first, neither is nil. After an error, Removed is
// what is gone, and what was to go and is still there is in neither.
type Pruned struct {
	Kept    []Kept   `json:"kept"`
	Removed []string `json:"removed"`
}

// Kept is a snapshot that stays. Why names the parts of the policy that keep it (last,
// daily …) and what keeps it whatever the policy is: latest (latest.txt names it), complete
// (the newest complete one of its account and selection), suspect, guard (the last good one
// before a suspect one), unreadable.
type Kept struct {
	ID  string   `json:"id"`
	Why []string `json:"why"`
}

// Prune removes the sealed snapshots that the policy does not keep, and their archives. A
// removal that is broken off leaves nothing that looks like a snapshot. dryRun changes
// nothing. While the newest snapshot is suspect all stay: the error is a [*SuspectError].
// Other errors: [ErrPolicy], [folder.ErrNotSnapshot], [*folder.LockedError], [*folder.ForeignError],
// [*folder.DestinationError], and the cause of ctx.
func Prune(ctx context.Context, output string, policy Policy, dryRun bool) (Pruned, error) {
	return PruneWithHooks(ctx, output, policy, dryRun, folder.Hooks{})
}

// PruneWithHooks is [Prune], with hooks that see each change of the disk: for tests that break it off anywhere.
func PruneWithHooks(ctx context.Context, output string, policy Policy, dryRun bool, hooks folder.Hooks) (Pruned, error) {
	done := Pruned{Kept: []Kept{}, Removed: []string{}}
	if err := policy.check(); err != nil {
		return done, err
	}
	f, err := folder.Open(output)
	if err != nil {
		return done, err
	}
	defer f.Close()
	f.SetHooks(hooks)
	// Before the lock, which writes: the folder may be anything.
	if ids, err := f.Sealed(); err != nil || len(ids) == 0 {
		return done, errors.Join(err, fmt.Errorf("%s: %w", output, folder.ErrNotSnapshot))
	}
	if !dryRun {
		release, err := f.Lock(time.Now())
		if err != nil {
			return done, err
		}
		defer release()
	}
	all, err := candidates(f)
	if err != nil {
		return done, err
	}
	if err := mark(all, policy); err != nil {
		return done, err
	}
	var leave []string
	for _, c := range all {
		if len(c.why) > 0 {
			done.Kept = append(done.Kept, Kept{c.id, c.why})
		} else {
			leave = append(leave, c.id)
		}
	}
	if dryRun {
		done.Removed = append(done.Removed, leave...)
		return done, nil
	}
	err = f.Remove(ctx, leave, func(id string) { done.Removed = append(done.Removed, id) })
	return done, err
}

// candidate is a snapshot that may be removed if there is no why. The reasons are words of [Kept].
type candidate struct {
	id     string
	at     time.Time
	group  string        // snapshots of one account and selection
	result format.Result // "" where the records cannot be read
	why    []string
}

// keep notes a reason for a snapshot to stay, once.
func (c *candidate) keep(why string) {
	if !slices.Contains(c.why, why) {
		c.why = append(c.why, why)
	}
}

// candidates describes the sealed snapshots, oldest first. It reads their summaries, and of the manifests only the head: lists
// of a million files need not be read to choose by time.
func candidates(f *folder.Folder) ([]*candidate, error) {
	latest, err := f.Latest()
	if err != nil {
		return nil, err
	}
	ids, err := f.Sealed()
	if err != nil {
		return nil, err
	}
	all := make([]*candidate, len(ids))
	for i, id := range ids {
		c := &candidate{id: id}
		c.at, _, _ = folder.ParseID(id)
		s, err := f.Summary(id)
		// Both records must be readable: the result is in one, whose snapshot it is in the other.
		if head, headErr := f.Head(id); err == nil && headErr == nil {
			c.result = s.Result
			c.group = head.Series()
		}
		if id == latest {
			c.keep("latest")
		}
		all[i] = c
	}
	return all, nil
}

// mark gives each snapshot that is to stay its reasons. The policy counts within a group, so that two accounts in one folder do
// not push each other out. What cannot be read stays: nobody knows what it is. If the newest snapshot of a group is
// suspect, nothing of any group is removed: a person is to look first.
func mark(all []*candidate, policy Policy) error {
	groups := map[string][]*candidate{}
	for _, c := range all {
		switch {
		case c.result.Good() || c.result == format.Suspect:
			groups[c.group] = append(groups[c.group], c)
		default:
			c.keep("unreadable")
		}
	}
	for _, group := range groups {
		if newest := group[len(group)-1]; newest.result == format.Suspect {
			return &SuspectError{newest.id}
		}
	}
	for _, group := range groups {
		markSuspects(group)
		// Suspect ones take no place of the policy: they stay beside what it keeps.
		good := slices.DeleteFunc(slices.Clone(group), func(c *candidate) bool { return c.result == format.Suspect })
		slices.Reverse(good)
		if i := slices.IndexFunc(good, func(c *candidate) bool { return c.result == format.Complete }); i >= 0 {
			good[i].keep("complete")
		}
		for _, r := range policy.rules() {
			markRule(good, r)
		}
	}
	return nil
}

// markSuspects keeps what a person should look at: suspect snapshots, and the one that
// each was measured by, which may be the last that has everything.
func markSuspects(group []*candidate) {
	var good *candidate
	for _, c := range group {
		if c.result != format.Suspect {
			good = c
			continue
		}
		c.keep("suspect")
		if good != nil {
			good.keep("guard")
		}
	}
}

// markRule keeps the newest snapshot of each of the newest periods. good is newest first. Periods without a snapshot do not
// count: after a month without runs, the 14 days of --keep-daily 14 lie further back.
func markRule(good []*candidate, r rule) {
	seen := map[string]bool{}
	for _, c := range good {
		if len(seen) == r.keep {
			return
		}
		if period := r.period(c.id, c.at); !seen[period] {
			seen[period] = true
			c.keep(r.name)
		}
	}
}
