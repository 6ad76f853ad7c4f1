package outbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/codafs/codafs/cache/filelock"
)

// Errors of a box.
var (
	// ErrBusy: another process sends.
	ErrBusy = errors.New("another codafs is sending: wait until it has ended")
	// ErrUsed: a plan is applied once.
	ErrUsed = errors.New("this plan was applied already")
	// ErrNoPlan: there is no plan and no job of that id.
	ErrNoPlan = errors.New("there is no plan of this id")
)

// Box is the outbox of one account: a folder.
type Box struct {
	dir string
}

// Open opens the outbox in a folder, and makes it if it is missing. Nobody else may look into it.
func Open(dir string) (*Box, error) {
	for _, sub := range []string{"plans", "jobs"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	b := &Box{dir}
	return b, os.Chmod(dir, 0o700)
}

// Lock makes this process the one that sends, until release is called or it ends.
func (b *Box) Lock() (release func(), err error) {
	f, err := os.OpenFile(filepath.Join(b.dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if locked, err := filelock.Try(f); err != nil || !locked {
		f.Close()
		if err == nil {
			err = ErrBusy
		}
		return nil, err
	}
	return func() { f.Close() }, nil
}

func (b *Box) planFile(id string) string { return filepath.Join(b.dir, "plans", id+".json") }
func (b *Box) jobFile(id string) string  { return filepath.Join(b.dir, "jobs", id+".jsonl") }

// checkID keeps what a user types from being a path.
func checkID(id string) error {
	if id == "" || strings.ContainsFunc(id, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		return fmt.Errorf("%q: %w", id, ErrNoPlan)
	}
	return nil
}

// planLife is how long a plan is kept that nobody applies.
const planLife = 30 * 24 * time.Hour

// Save keeps a plan, and forgets those that are too old.
func (b *Box) Save(p *Plan) error {
	old, err := filepath.Glob(b.planFile("*"))
	if err != nil {
		return err
	}
	for _, file := range old {
		if st, err := os.Stat(file); err == nil && p.Made.Sub(st.ModTime()) > planLife {
			_ = os.Remove(file) // the next one tries again
		}
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return writeSynced(b.planFile(p.ID), append(data, '\n'))
}

// Plan returns a plan that was kept.
func (b *Box) Plan(id string) (*Plan, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(b.planFile(id))
	if errors.Is(err, iofs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", id, ErrNoPlan)
	}
	if err != nil {
		return nil, err
	}
	p := new(Plan)
	return p, json.Unmarshal(data, p)
}

// Begin makes a job of a plan. The box must be locked.
func (b *Box) Begin(p *Plan) (*Job, error) {
	file := b.jobFile(p.ID)
	if _, err := os.Stat(file); err == nil {
		return nil, fmt.Errorf("%s: %w", p.ID, ErrUsed)
	}
	data, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	data = append(data, '\n')
	if err := writeSynced(file, data); err != nil {
		return nil, err
	}
	return newJob(file, p, int64(len(data))), nil
}

// Jobs returns all jobs, the oldest first.
func (b *Box) Jobs() (jobs []*Job, err error) {
	files, err := filepath.Glob(filepath.Join(b.dir, "jobs", "*.jsonl"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		j, err := readJob(file)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, j)
	}
	slices.SortStableFunc(jobs, func(a, b *Job) int { return a.Made.Compare(b.Made) })
	return jobs, nil
}

// Job returns one job.
func (b *Box) Job(id string) (*Job, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	j, err := readJob(b.jobFile(id))
	if errors.Is(err, iofs.ErrNotExist) {
		err = fmt.Errorf("%s: %w", id, ErrNoPlan)
	}
	return j, err
}

// writeSynced writes a whole file or nothing, on the disk when it returns.
func writeSynced(file string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".tmp-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone after the rename
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(file))
}

// Job is a plan that is being carried out, with its journal. One goroutine uses it; others and other processes have jobs of
// their own for the same file, which do not see later steps.
type Job struct {
	*Plan
	// Fates are those of the plan's edits.
	Fates []Fate
	file  string
	end   int64 // of the journal's last whole line
}

func newJob(file string, p *Plan, end int64) *Job {
	j := &Job{Plan: p, Fates: make([]Fate, len(p.Edits)), file: file, end: end}
	for i := range j.Fates {
		j.Fates[i] = Fate{Status: Planned, At: p.Made}
	}
	return j
}

// readJob reads a journal. A last line without an end is one that was being written when the program ended: what it
// announces has not happened.
func readJob(file string) (*Job, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	first, rest, whole := bytes.Cut(data, []byte("\n"))
	p := new(Plan)
	if err := json.Unmarshal(first, p); err != nil || !whole {
		return nil, fmt.Errorf("%s is damaged: %w", file, errors.Join(err, errors.New("its first line is no plan")))
	}
	j := newJob(file, p, int64(len(first)+1))
	for {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		if !whole {
			return j, nil
		}
		var s Step
		if err := json.Unmarshal(line, &s); err != nil {
			return nil, fmt.Errorf("%s is damaged: %w", file, err)
		}
		j.apply(s)
		j.end += int64(len(line) + 1)
		rest = after
	}
}

func (j *Job) apply(s Step) {
	for n, i := range s.Edits {
		if i >= 0 && i < len(j.Fates) {
			j.Fates[i].take(s, n)
		}
	}
}

// Step notes what became of edits. It is on the disk when it returns. The box must be locked.
func (j *Job) Step(s Step) error {
	if len(s.Edits) == 0 {
		return nil
	}
	line, err := json.Marshal(s)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	f, err := os.OpenFile(j.file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(j.end); err != nil { // half a line of a run that was killed
		return err
	}
	if _, err := f.WriteAt(line, j.end); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	j.end += int64(len(line))
	j.apply(s)
	return nil
}

// Count counts the edits by their status.
func (j *Job) Count() map[Status]int {
	n := map[Status]int{}
	for _, f := range j.Fates {
		n[f.Status]++
	}
	return n
}

// Open reports whether something may still happen to an edit of the job.
func (j *Job) Open() bool {
	return slices.ContainsFunc(j.Fates, func(f Fate) bool { return !f.Status.Over() })
}

// Those returns the places of the edits with a status.
func (j *Job) Those(is func(Status) bool) (places []int) {
	for i, f := range j.Fates {
		if is(f.Status) {
			places = append(places, i)
		}
	}
	return places
}

// Forget removes a plan that was not applied.
func (b *Box) Forget(id string) error {
	if err := checkID(id); err != nil {
		return err
	}
	err := os.Remove(b.planFile(id))
	if errors.Is(err, iofs.ErrNotExist) {
		err = fmt.Errorf("%s: %w", id, ErrNoPlan)
	}
	return err
}
