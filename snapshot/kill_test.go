package snapshot_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/sealed"
)

// Variables of the process that is killed: what it does, for which round, for which attempt.
const (
	killOutput  = "CODAFS_TEST_KILL_OUTPUT"
	killRound   = "CODAFS_TEST_KILL_ROUND"
	killAttempt = "CODAFS_TEST_KILL_ATTEMPT"
)

// round is a state of the workspace of which a snapshot is made in spite of several kills.
type round struct {
	n      int
	output string
}

// tree is the workspace of the round: ten of its files are not as in the round before.
func (r round) tree() *memory {
	m := tree(33)
	for i := range 10 {
		m.edit(m.entries[(r.n*7+i)%33].Path, fmt.Sprintf("round %d\n", r.n))
	}
	return m
}

// options are those of an attempt. Every second round is incremental, every third uses
// several goroutines.
func (r round) options(attempt int) snapshot.Options {
	o := optionsFor(r.output)
	o.Now = clockAt(day.Add(time.Duration(attempt) * time.Minute))
	o.Incremental, o.Concurrency = r.n%2 == 1, 1
	if r.n%3 == 2 {
		o.Concurrency = 4
	}
	return o
}

// log names the file with a line for each file that was read to its end in the round.
func (r round) log() string { return filepath.Join(filepath.Dir(r.output), fmt.Sprint("read-", r.n)) }

// readAgain counts the files in the log that are there before.
func (r round) readAgain(t *testing.T) int {
	t.Helper()
	data, err := os.ReadFile(r.log())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	lines := slices.Sorted(strings.Lines(string(data)))
	return len(lines) - len(slices.Compact(slices.Clone(lines)))
}

// work makes one attempt, and prunes. It logs what it reads.
func (r round) work(t *testing.T, attempt int) {
	from := r.tree()
	log, err := os.OpenFile(r.log(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	var mu sync.Mutex
	from.open = func(_ context.Context, path string) (io.ReadCloser, error) {
		return &counted{strings.NewReader(from.content[path]), func() {
			mu.Lock()
			defer mu.Unlock()
			if _, err := fmt.Fprintln(log, path); err != nil {
				t.Error(err)
			}
		}}, nil
	}
	mustRun(t, from, r.options(attempt), 0)
	if _, err := sealed.Prune(t.Context(), r.output, sealed.Policy{Last: 2}, false); err != nil {
		t.Error(err)
	}
}

// killed starts a process that makes an attempt, and kills it when after has passed since it
// began. It tells how long the process worked.
func (r round) killed(t *testing.T, attempt int, after time.Duration) time.Duration {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledAtAnyTime$")
	// The race detector's second of waiting at the end is no time to kill.
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0",
		killOutput+"="+r.output, killRound+"="+strconv.Itoa(r.n), killAttempt+"="+strconv.Itoa(attempt))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	begun, err := lines.ReadString('\n')
	start := time.Now()
	kill := time.AfterFunc(after, func() { cmd.Process.Kill() })
	defer kill.Stop()
	rest, _ := io.ReadAll(lines)
	err = errors.Join(err, cmd.Wait())
	if exit, ok := errors.AsType[*exec.ExitError](err); begun != "begun\n" || err != nil && (!ok || exit.ExitCode() != -1) {
		t.Fatalf("%v\n%s%s", err, begun, rest)
	}
	return time.Since(start)
}

// TestKilledAtAnyTime kills the process with SIGKILL, at 50 random times; at 1,000 in make soak.
func TestKilledAtAnyTime(t *testing.T) {
	if output := os.Getenv(killOutput); output != "" {
		n, err := strconv.Atoi(os.Getenv(killRound))
		attempt, err2 := strconv.Atoi(os.Getenv(killAttempt))
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		fmt.Println("begun")
		round{n, output}.work(t, attempt)
		return
	}
	t.Parallel()
	kills, attempt := 25, 1
	if soak {
		kills = 1000
	}
	random := rand.New(rand.NewPCG(uint64(kills), 9))
	r := round{0, options(t).Output}
	takes := r.killed(t, attempt, time.Minute) // not killed
	early := 0
	for kills > 0 {
		r.n++
		before := newest(t, r.output)
		inRound := 0
		for ; inRound < 5 && kills > 0 && newest(t, r.output) == before; inRound++ {
			attempt++
			kills--
			r.killed(t, attempt, time.Duration(random.Int64N(int64(takes*5/4))))
			mustVerify(t, r.output, 0)
		}
		if newest(t, r.output) == before {
			early++
			attempt++
			r.work(t, attempt)
		}
		id := newest(t, r.output)
		wantDocs(t, filepath.Join(r.output, id), r.tree().content)
		mustVerify(t, r.output, 0)
		if got, most := r.readAgain(t), inRound*r.options(0).Concurrency; got > most {
			t.Errorf("round %d: %d finished files were read again after %d kills", r.n, got, inRound)
		}
		if t.Failed() {
			t.Fatalf("in round %d", r.n)
		}
	}
	t.Logf("a run takes %v; %d rounds, of which %d did not come through between the kills", takes, r.n, early)
}

// newest names the newest sealed snapshot.
func newest(t *testing.T, output string) string {
	t.Helper()
	list, err := sealed.List(output)
	if err != nil || len(list) == 0 {
		t.Fatalf("%d snapshots, %v", len(list), err)
	}
	return list[len(list)-1].ID
}
