package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

var benchJSON = flag.String("bench-json", "", "measure the figures at their full sizes, and write them to this file: make bench")

// measured is a figure: how much of something, and how much it may be.
type measured struct {
	What string `json:"what"`
	// How reports what is real about it: one of the words below.
	How   string  `json:"how"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Least and Most are the spread: the same from single runs. Runs is how many there were; Value is their median.
	Least float64 `json:"least,omitzero"`
	Most  float64 `json:"most,omitzero"`
	Runs  int     `json:"runs,omitzero"`
	// Limit is what users are promised, Aim what is striven for; nil where there is none.
	Limit *float64 `json:"limit,omitzero"`
	Aim   *float64 `json:"aim,omitzero"`
	// Beside are the numbers that Value comes from, and others that help to understand it.
	Beside map[string]float64 `json:"beside,omitzero"`
	// Missing is why there is no value.
	Missing string `json:"missing,omitzero"`
}

// What a figure may stand on. The table and the JSON have these words.
const (
	// simulated is the program's code in this process, over the stand-in with Coda's limits, on a clock that
	// jumps to whatever comes next.
	simulated = "simulated time"
	// realLimits is the real program over sockets against the stand-in with Coda's limits, in real time.
	realLimits = "real limits"
	// noLimits is the real program over sockets with all limits off: what is left is its own work
	// and, on the same machine, the stand-in's.
	noLimits = "no limits"
)

func (m measured) limited(limit, aim float64) measured {
	m.Limit, m.Aim = &limit, &aim
	return m
}

// verdict reports whether the promise is kept.
func (m measured) verdict() string {
	switch {
	case m.Missing != "":
		return "not measured: " + m.Missing
	case m.Limit == nil:
		return ""
	case m.Value > *m.Limit:
		return "MISSED"
	case m.Value > *m.Aim:
		return "met, not the aim"
	}
	return "met"
}

func (m measured) bound() string {
	switch {
	case m.Limit == nil:
		return ""
	case *m.Aim == *m.Limit:
		return "≤ " + number(*m.Limit)
	}
	return fmt.Sprintf("≤ %s (aim %s)", number(*m.Limit), number(*m.Aim))
}

func (m measured) spread() string {
	if m.Runs < 2 {
		return ""
	}
	return fmt.Sprintf("%s–%s of %d", number(m.Least), number(m.Most), m.Runs)
}

func (m measured) beside() string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(m.Beside)) {
		all = append(all, k+" "+number(m.Beside[k]))
	}
	return strings.Join(all, ", ")
}

// number has three digits that count.
func number(f float64) string {
	if f == 0 || math.Abs(f) >= 100 {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.*f", max(0, 2-int(math.Floor(math.Log10(math.Abs(f))))), f)
}

// report collects what the benchmarks measured, for the end of the run.
type report struct {
	mu  sync.Mutex
	all []measured
}

var figuresMeasured report

func (r *report) add(m measured) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, m)
}

func (r *report) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "what\tfigure\tspread\tpromised\t\thow\tbeside")
	for _, m := range r.all {
		value := number(m.Value) + " " + m.Unit
		if m.Missing != "" {
			value = "-"
		}
		fmt.Fprintln(t, strings.Join([]string{m.What, value, m.spread(), m.bound(), m.verdict(), m.How, m.beside()}, "\t"))
	}
	return t.Flush()
}

func (r *report) write(path string) error {
	commit, _ := exec.Command("git", "describe", "--always", "--dirty").Output() // none in a tree without git
	b, err := json.MarshalIndent(map[string]any{"schema": "codafs.bench/1", "at": time.Now().UTC(), "commit": strings.TrimSpace(string(commit)),
		"go": runtime.Version(), "cpus": runtime.NumCPU(), "figures": r.all}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o600)
}

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))) // the scripts wait as much as they work
	code := withBuilds(m.Run)
	if *benchJSON != "" {
		fmt.Println()
		err := cmp.Or(figuresMeasured.print(os.Stdout), figuresMeasured.write(*benchJSON))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// median sorts what it is given.
func median[T cmp.Ordered](all []T) T {
	slices.Sort(all)
	return all[len(all)/2]
}

// ratios compares what was measured in turns: the median as a multiple of the other's, and the least
// and the most of single turns.
func ratios(what, how, unit string, took, against []time.Duration) measured {
	m := measured{What: what, How: how, Unit: unit, Runs: len(took)}
	each := make([]float64, len(took))
	for i := range took {
		each[i] = float64(took[i]) / float64(against[i])
	}
	m.Least, m.Most = slices.Min(each), slices.Max(each)
	m.Value = float64(median(slices.Clone(took))) / float64(median(slices.Clone(against)))
	return m
}

func TestAFigureSaysWhetherItsPromiseIsKept(t *testing.T) {
	for _, c := range []struct {
		m    measured
		want string
	}{
		{measured{Value: 1.2}, ""},
		{measured{Value: 1.2}.limited(1.5, 1.2), "met"},
		{measured{Value: 1.4}.limited(1.5, 1.2), "met, not the aim"},
		{measured{Value: 1.6}.limited(1.5, 1.2), "MISSED"},
		{measured{Value: 0, Missing: "no rg"}.limited(1.5, 1.2), "not measured: no rg"},
	} {
		if got := c.m.verdict(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.m, got, c.want)
		}
	}
	second := func(n ...int) (all []time.Duration) {
		for _, n := range n {
			all = append(all, time.Duration(n)*time.Second)
		}
		return all
	}
	m := ratios("", "", "", second(6, 30, 8), second(3, 5, 4))
	if m.Value != 2 || m.Least != 2 || m.Most != 6 {
		t.Errorf("%+v", m)
	}
}
