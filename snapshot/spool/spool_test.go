package spool_test

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/codafs/codafs/snapshot/spool"
)

type value struct {
	Key string
	N   int
}

// files opens files, and counts them.
func files(t *testing.T, opened *int) func() (spool.File, error) {
	return func() (spool.File, error) {
		*opened++
		f, err := os.Create(filepath.Join(t.TempDir(), "spool"))
		t.Cleanup(func() { f.Close() })
		return f, err
	}
}

func all(t *testing.T, values iter.Seq2[value, error]) (got []value) {
	t.Helper()
	for v, err := range values {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, v)
	}
	return got
}

// What comes out is what went in, wherever it is kept meanwhile, as often as it is asked for.
func TestValuesComeBackInOrder(t *testing.T) {
	for _, most := range []int{0, 40, 1 << 20} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			opened := 0
			list := spool.NewList[value](most, files(t, &opened))
			sorted := spool.NewSorted(most, files(t, &opened), func(v value) string { return v.Key })
			defer list.Close()
			defer sorted.Close()
			random := rand.New(rand.NewPCG(1, uint64(most)))
			var want []value
			for n := range 200 {
				v := value{fmt.Sprint("<&>", random.IntN(50)), n}
				want = append(want, v)
				if err := errors.Join(list.Add(v), sorted.Add(v)); err != nil {
					t.Fatal(err)
				}
				if n == 150 { // more may be added after a look
					all(t, sorted.All())
				}
			}
			for range 2 {
				if got := all(t, list.All()); !slices.Equal(got, want) || list.Len() != len(want) {
					t.Errorf("%d, %v, want %v", list.Len(), got, want)
				}
			}
			slices.SortStableFunc(want, func(a, b value) int { return cmp.Compare(a.Key, b.Key) })
			for range 2 {
				if got := all(t, sorted.All()); !slices.Equal(got, want) {
					t.Errorf("%v, want %v", got, want)
				}
			}
			if few := most > 1000; few != (opened == 0) || opened > 2 {
				t.Errorf("%d files for %d bytes in memory", opened, most)
			}
		})
	}
}

func TestAListIsCleared(t *testing.T) {
	opened := 0
	list := spool.NewList[value](30, files(t, &opened))
	defer list.Close()
	for round := range 3 {
		list.Clear()
		var want []value
		for n := range 5 {
			want = append(want, value{fmt.Sprint(round), n})
			if err := list.Add(want[n]); err != nil {
				t.Fatal(err)
			}
		}
		if got := all(t, list.All()); !slices.Equal(got, want) || list.Len() != 5 {
			t.Errorf("round %d: %v, want %v", round, got, want)
		}
	}
	if opened != 1 {
		t.Errorf("%d files", opened)
	}
}

// A reader that stops gets no more.
func TestReadersMayStop(t *testing.T) {
	opened := 0
	sorted := spool.NewSorted(0, files(t, &opened), func(v value) string { return v.Key })
	defer sorted.Close()
	for n := range 5 {
		if err := sorted.Add(value{fmt.Sprint(n), n}); err != nil {
			t.Fatal(err)
		}
	}
	for v := range sorted.All() {
		if v.N == 2 {
			break
		}
	}
}

// broken is a file that fails.
type broken struct{ err error }

func (b broken) Write([]byte) (int, error)         { return 0, b.err }
func (b broken) ReadAt([]byte, int64) (int, error) { return 0, b.err }
func (b broken) Close() error                      { return nil }

func TestErrorsOfTheFileAreGiven(t *testing.T) {
	full := errors.New("full")
	for _, open := range []func() (spool.File, error){
		func() (spool.File, error) { return nil, full },
		func() (spool.File, error) { return broken{full}, nil },
	} {
		list := spool.NewList[value](0, open)
		sorted := spool.NewSorted(0, open, func(v value) string { return v.Key })
		if err := list.Add(value{}); !errors.Is(err, full) {
			t.Errorf("a list: %v", err)
		}
		if err := sorted.Add(value{}); !errors.Is(err, full) {
			t.Errorf("sorted: %v", err)
		}
	}
}
