package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
)

// lag is how long a read may give what an object was before its last edit.
const lag = 3 * time.Minute

// object is a file of the simulated workspace.
type object struct {
	entry     fs.Entry
	text, was string // now, and before the last edit
}

// simulation is a workspace that is edited day by day and backed up night by night. It
// knows what each sealed snapshot must hold.
type simulation struct {
	t       *testing.T
	random  *rand.Rand
	o       snapshot.Options
	now     time.Time
	objects map[string]*object // by id
	next    int                // the id of the next object

	failing map[string]bool // ids whose reads fail tonight
	hidden  bool            // tonight the list of doc0's pages does not come
	lost    bool            // tonight the service shows three objects only

	// sealed is what is in each snapshot that is kept.
	sealed  map[string]content
	seen    map[string]int // how many objects it knows of, also those that it has not
	records []record
	latest  string
}

// content is what a snapshot holds, by the object's id.
type content map[string]held

// held is one object in a snapshot.
type held struct {
	path, text string
	carried    bool
	stamp, at  time.Time // of the version; of the run
}

func (h held) isPageOf(doc string) bool { return strings.HasPrefix(h.path, "docs/"+doc+"/pages/") }

func newSimulation(t *testing.T, seed uint64) *simulation {
	s := &simulation{t: t, random: rand.New(rand.NewPCG(seed, 14)), o: options(t), now: day,
		objects: map[string]*object{}, sealed: map[string]content{}, seen: map[string]int{}}
	s.o.Incremental = true
	s.o.Now = func() time.Time { return s.now }
	for range 12 {
		s.create()
	}
	for i := range 2 {
		s.create()
		o := s.objects[fmt.Sprint("o", s.next-1)]
		o.entry.Kind, o.entry.DocID, o.entry.Path = fs.KindDoc, fmt.Sprint("doc", i), fmt.Sprintf("docs/doc%d/doc.json", i)
	}
	return s
}

func (s *simulation) create() {
	id := fmt.Sprint("o", s.next)
	s.next++
	doc := fmt.Sprint("doc", s.random.IntN(2))
	o := &object{entry: fs.Entry{Path: fmt.Sprintf("docs/%s/pages/%s.md", doc, id), Kind: fs.KindPage, DocID: doc, ObjectID: id}}
	s.objects[id] = o
	s.edit(o)
}

func (s *simulation) edit(o *object) {
	o.was, o.text = o.text, fmt.Sprintf("%s at %v\n", o.entry.ObjectID, s.now)
	o.entry.ModTime, o.entry.UpdatedAt = s.now, s.now
}

// ids lists the objects, in an order that the seed fixes.
func (s *simulation) ids() []string { return slices.Sorted(maps.Keys(s.objects)) }

// live lets a day pass, up to the minute of the next run.
func (s *simulation) live() {
	night := s.now.Truncate(24 * time.Hour).Add(26 * time.Hour)
	for _, before := range []time.Duration{9 * time.Hour, 5 * time.Hour, 12 * time.Minute, 8 * time.Minute, time.Minute} {
		s.now = night.Add(-before)
		for _, id := range s.ids() {
			o := s.objects[id]
			switch what := s.random.IntN(40); {
			case what < 3:
				s.edit(o)
			case what == 3: // renamed: the path moves, the stamp does not
				o.entry.Path = fmt.Sprintf("docs/%s/pages/%s-%d.md", o.entry.DocID, id, s.random.IntN(1000))
				if o.entry.Kind == fs.KindDoc {
					o.entry.Path = fmt.Sprintf("docs/%s/doc.json", o.entry.DocID)
				}
			case what == 4 && o.entry.Kind == fs.KindPage && len(s.objects) > 10:
				delete(s.objects, id)
			case what == 5:
				s.create()
			}
		}
	}
	s.now = night
}

// Index implements snapshot.Origin. The key is made as package fs makes it, or without its mark
// of youth.
func (s *simulation) Index(_ context.Context, _ fs.Held, each func(fs.Entry) error) error {
	var all []fs.Entry
	for _, o := range s.listed() {
		e := o.entry
		e.Version = fmt.Sprint("v", e.ModTime.Unix())
		if young := s.now.Sub(e.ModTime) < 10*time.Minute; young && len(e.ObjectID)%2 == 0 {
			e.Version += "-young"
		}
		all = append(all, e)
	}
	if s.hidden {
		all = append(all, fs.Entry{Kind: fs.KindPages, DocID: "doc0", ObjectID: "doc0", Path: "docs/doc0/pages.json",
			Failure: &fs.Failure{Code: "server_error", HTTPStatus: 500}})
	}
	return giveAll(all, each)
}

// listed are the objects that the service shows tonight.
func (s *simulation) listed() []*object {
	var all []*object
	for _, id := range s.ids() {
		o := s.objects[id]
		if hidden := s.hidden && o.entry.DocID == "doc0" && o.entry.Kind == fs.KindPage; !hidden {
			all = append(all, o)
		}
	}
	if s.lost {
		all = all[:min(3, len(all))]
	}
	return all
}

// Open implements snapshot.Origin.
func (s *simulation) Open(_ context.Context, path string) (io.ReadCloser, error) {
	for _, o := range s.objects {
		if o.entry.Path == path && s.failing[o.entry.ObjectID] {
			return nil, errors.New("down")
		}
		if o.entry.Path == path {
			return io.NopCloser(strings.NewReader(s.read(o))), nil
		}
	}
	return nil, fmt.Errorf("nobody was told of %q", path)
}

// read gives what a read gives now.
func (s *simulation) read(o *object) string {
	if s.now.Sub(o.entry.ModTime) < lag {
		return o.was
	}
	return o.text
}

// disturb draws what goes wrong tonight: reads, a list, the whole account, the disk.
func (s *simulation) disturb() {
	s.failing, s.hidden, s.lost = map[string]bool{}, s.random.IntN(5) == 0, s.random.IntN(15) == 0
	for _, id := range s.ids() {
		s.failing[id] = s.random.IntN(25) == 0
	}
	s.o.CheckDisk(s.faults(150))
}

// faults draws an operation of the first n, that fails, and maybe all after it.
func (s *simulation) faults(n int) func(op, name string) error {
	if s.random.IntN(3) > 0 {
		return nil
	}
	at, onward := 1+s.random.IntN(n), s.random.IntN(2) == 0
	return (&nth{n: at, onward: onward, f: func() error { return syscall.EIO }}).check
}

// night makes a snapshot and compares it with the model.
func (s *simulation) night() {
	s.t.Helper()
	before := s.sealedIDs()
	summary, err := snapshot.Run(s.t.Context(), s, s.o)
	if code := snapshot.ExitCode(err); err != nil && (code != 13 || summary.ExitCode != 13) {
		s.t.Fatalf("exit code %d: %v", summary.ExitCode, err)
	}
	after := s.sealedIDs()
	if slices.Equal(before, after) {
		if err == nil || s.readLatest() != s.latest {
			s.t.Fatalf("nothing is sealed, %v; latest.txt names %q", err, s.readLatest())
		}
		return
	}
	r := record{id: summary.ID, at: s.now, result: summary.Result}
	s.sealed[r.id] = s.wantSealed(r.id, s.sealed[s.lastGood()])
	if (r.result == format.Suspect) != s.shrunk(r.id) {
		s.t.Fatalf("%s is %q", r.id, r.result)
	}
	s.records = append(s.records, r)
	switch latest := s.readLatest(); {
	case err != nil && r.good() && latest == s.latest: // sealed, and then the disk failed
	case r.good() && latest == r.id:
		s.latest = latest
	case r.good() || latest != s.latest:
		s.t.Fatalf("latest.txt names %q after %s, %s", latest, r.id, r.result)
	}
}

// wantSealed compares a new snapshot with what the model says is in it.
func (s *simulation) wantSealed(id string, base content) content {
	s.t.Helper()
	got, failed := content{}, map[string]bool{}
	m := readJSON[format.Manifest](s.t, filepath.Join(s.o.Output, id, "manifest.json"))
	texts := readTree(s.t, filepath.Join(s.o.Output, id))
	for _, f := range m.Files {
		got[f.ObjectID] = held{f.Path, texts[f.Path], f.Status == format.StatusCarried, f.UpdatedAt, s.now}
	}
	for _, f := range m.Failures {
		failed[f.ObjectID] = true
	}
	want := content{}
	for _, o := range s.listed() {
		was, had := base[o.entry.ObjectID]
		final := had && !was.carried && was.stamp.Equal(o.entry.ModTime) && was.at.Sub(was.stamp) >= 10*time.Minute
		switch {
		case failed[o.entry.ObjectID] && (!s.failing[o.entry.ObjectID] || final):
			s.t.Fatalf("%s is named as a failure, and could be had", o.entry.ObjectID)
		case failed[o.entry.ObjectID] && had:
			want[o.entry.ObjectID] = held{o.entry.Path, was.text, true, was.stamp, s.now}
		case !failed[o.entry.ObjectID]:
			want[o.entry.ObjectID] = held{o.entry.Path, s.read(o), false, o.entry.ModTime, s.now}
		}
	}
	if s.hidden && !failed["doc0"] {
		s.t.Fatal("the list that did not come is not named")
	}
	for id, was := range base {
		if s.hidden && was.isPageOf("doc0") {
			want[id] = held{was.path, was.text, true, was.stamp, s.now}
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.t.Fatalf("%s holds %v\nwant %v", id, got, want)
	}
	for id := range got {
		failed[id] = true
	}
	s.seen[id] = len(failed)
	return got
}

// shrunk reports whether a new snapshot shows no docs, or less than half of the objects of the
// last good one.
func (s *simulation) shrunk(id string) bool {
	isDoc := func(o *object) bool { return o.entry.Kind == fs.KindDoc }
	return !slices.ContainsFunc(s.listed(), isDoc) || 2*s.seen[id] < s.seen[s.lastGood()]
}

// lastGood names the snapshot by which the next one is measured.
func (s *simulation) lastGood() string {
	for _, r := range slices.Backward(s.records) {
		if r.good() {
			return r.id
		}
	}
	return ""
}

// prune prunes, breaks off at times, prunes again, and compares what is left with the model.
func (s *simulation) prune() {
	s.t.Helper()
	if len(s.records) == 0 {
		return
	}
	policy := sealed.Policy{Last: 2, Daily: 3, Weekly: 2}
	snapshot.PruneCheckingDisk(s.t.Context(), s.o.Output, policy, s.faults(20))
	_, err := sealed.Prune(s.t.Context(), s.o.Output, policy, false)
	if _, refused := errors.AsType[*sealed.SuspectError](err); refused != modelRefuses(s.records) || err != nil && !refused {
		s.t.Fatalf("prune: %v", err)
	}
	if err == nil {
		all := slices.Clone(s.records)
		s.records = nil
		for i, r := range all {
			if modelKeeps(all, i, s.latest, policy) {
				s.records = append(s.records, r)
			} else {
				delete(s.sealed, r.id)
			}
		}
	}
	if got, want := s.sealedIDs(), slices.Sorted(maps.Keys(s.sealed)); !slices.Equal(got, want) {
		s.t.Fatalf("left %q, want %q", got, want)
	}
}

func (s *simulation) sealedIDs() []string {
	s.t.Helper()
	list, err := sealed.List(s.o.Output)
	if err != nil && !errors.Is(err, folder.ErrNotSnapshot) {
		s.t.Fatal(err)
	}
	var ids []string
	for _, l := range list {
		ids = append(ids, l.ID)
	}
	return ids
}

func (s *simulation) readLatest() string { return latest(s.t, s.o.Output) }

func TestAFortnightOfNights(t *testing.T) {
	for seed := range uint64(fortnights()) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := newSimulation(t, seed)
			for range 14 {
				s.live()
				s.disturb()
				s.night()
				s.prune()
			}
			if len(s.records) == 0 {
				t.Skip("no night came through")
			}
			mustVerify(t, s.o.Output, 0)
			for id, want := range s.sealed {
				files := map[string]string{}
				for _, h := range want {
					files[h.path] = h.text
				}
				wantDocs(t, filepath.Join(s.o.Output, id), files)
			}
		})
	}
}
