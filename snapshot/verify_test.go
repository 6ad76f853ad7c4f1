package snapshot_test

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/sealed"
)

// found is a damage without its words.
type found struct {
	path    string
	problem sealed.Problem
}

func (f found) compare(other found) int {
	return cmp.Or(cmp.Compare(f.path, other.path), cmp.Compare(f.problem, other.problem))
}

func TestVerifyFindsEachKindOfDamage(t *testing.T) {
	page := workspace(1).entries[3].Path
	rewrite := func(t *testing.T, path string, f func(string) string) {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f(string(data))), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(t *testing.T, path string) {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		hurt func(t *testing.T, dir string)
		want []found
	}{
		"one byte changed": {
			func(t *testing.T, dir string) {
				rewrite(t, filepath.Join(dir, page), func(s string) string { return "X" + s[1:] })
			}, []found{{page, sealed.WrongHash}},
		},
		"one byte more": {
			func(t *testing.T, dir string) {
				rewrite(t, filepath.Join(dir, page), func(s string) string { return s + "X" })
			}, []found{{page, sealed.WrongSize}},
		},
		"one file missing": {
			func(t *testing.T, dir string) { remove(t, filepath.Join(dir, page)) },
			[]found{{page, sealed.Missing}},
		},
		"one file extra": {
			func(t *testing.T, dir string) {
				if err := os.WriteFile(filepath.Join(dir, "docs", "extra"), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}, []found{{"docs/extra", sealed.Extra}},
		},
		"one file renamed": {
			func(t *testing.T, dir string) {
				if err := os.Rename(filepath.Join(dir, page), filepath.Join(dir, "docs", "new.md")); err != nil {
					t.Fatal(err)
				}
			}, []found{{"docs/new.md", sealed.Extra}, {page, sealed.Missing}},
		},
		"a link instead of a file": {
			func(t *testing.T, dir string) {
				other := filepath.Join(dir, "..", "..", "other")
				if err := os.Rename(filepath.Join(dir, page), other); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(other, filepath.Join(dir, page)); err != nil {
					t.Skip("no symbolic links here")
				}
			}, []found{{page, sealed.Unreadable}},
		},
		"the summary says something else": {
			func(t *testing.T, dir string) {
				rewrite(t, filepath.Join(dir, "summary.json"), func(s string) string {
					return strings.Replace(s, `"failures": []`, `"failures":[ ]`, 1)
				})
			}, []found{{"summary.json", sealed.WrongHash}},
		},
		"the manifest says something else": {
			func(t *testing.T, dir string) {
				rewrite(t, filepath.Join(dir, "manifest.json"), func(s string) string {
					return strings.Replace(s, `"Name of canvas-1"`, `"Name of canvas-2"`, 1)
				})
			}, []found{{"manifest.json", sealed.WrongHash}},
		},
		"file and SHA256SUMS changed together": {
			func(t *testing.T, dir string) {
				rewrite(t, filepath.Join(dir, page), func(s string) string { return strings.ToUpper(s) })
				rewrite(t, filepath.Join(dir, "SHA256SUMS"), func(s string) string {
					lines := strings.SplitAfter(s, "\n")
					i := slices.IndexFunc(lines, func(l string) bool { return strings.HasSuffix(l, page+"\n") })
					lines[i] = strings.Repeat("0", 64) + lines[i][64:]
					return strings.Join(lines, "")
				})
			}, []found{{page, sealed.Disagrees}, {page, sealed.WrongHash}},
		},
		"a line missing in SHA256SUMS": {
			func(t *testing.T, dir string) {
				rewrite(t, filepath.Join(dir, "SHA256SUMS"), func(s string) string {
					return s[strings.Index(s, "\n")+1:]
				})
			}, []found{{"docs/Läunch & Plan 0__doc0/doc.json", sealed.Disagrees}},
		},
		"a line twice in SHA256SUMS": {
			func(t *testing.T, dir string) {
				rewrite(t, filepath.Join(dir, "SHA256SUMS"), func(s string) string {
					return s[:strings.Index(s, "\n")+1] + s
				})
			}, []found{{"SHA256SUMS", sealed.Unreadable}, {"manifest.json", sealed.Extra}, {"summary.json", sealed.Extra}},
		},
		"a manifest that ends in the middle": {
			func(t *testing.T, dir string) {
				rewrite(t, filepath.Join(dir, "manifest.json"), func(s string) string {
					return strings.Replace(s[:strings.Index(s, page)+len(page)+100], `"size": `, `"size": 1`, 1)
				})
			}, []found{{"manifest.json", sealed.Unreadable}, {"manifest.json", sealed.WrongHash}},
		},
		"no SHA256SUMS": {
			func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "SHA256SUMS")) },
			[]found{{"SHA256SUMS", sealed.Unreadable}, {"manifest.json", sealed.Extra}, {"summary.json", sealed.Extra}},
		},
		"garbage in SHA256SUMS": {
			func(t *testing.T, dir string) {
				rewrite(t, filepath.Join(dir, "SHA256SUMS"), func(s string) string { return "garbage" })
			},
			[]found{{"SHA256SUMS", sealed.Unreadable}, {"manifest.json", sealed.Extra}, {"summary.json", sealed.Extra}},
		},
		"a manifest cut off": {
			func(t *testing.T, dir string) {
				rewrite(t, filepath.Join(dir, "manifest.json"), func(s string) string { return s[:len(s)/2] })
			}, []found{{"manifest.json", sealed.Unreadable}, {"manifest.json", sealed.WrongHash}},
		},
		"no summary": {
			func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "summary.json")) },
			[]found{{"summary.json", sealed.Missing}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			s := mustRun(t, workspace(1), o, 0)
			o.Now = clockAt(day.Add(time.Hour))
			second := mustRun(t, workspace(1), o, 0)
			test.hurt(t, filepath.Join(o.Output, s.ID))
			for _, dir := range []string{o.Output, filepath.Join(o.Output, s.ID)} {
				var got []found
				for _, d := range mustVerify(t, dir, 5).Damage {
					got = append(got, found{d.Path, d.Problem})
					if d.Snapshot != s.ID {
						t.Errorf("%s is said to be in %q", d.Path, d.Snapshot)
					}
				}
				slices.SortFunc(got, found.compare)
				slices.SortFunc(test.want, found.compare)
				if !slices.Equal(got, test.want) {
					t.Errorf("found %q, want %q", got, test.want)
				}
			}
			mustVerify(t, filepath.Join(o.Output, second.ID), 0)
		})
	}
}

func TestFilesOfFileManagersAreNoDamage(t *testing.T) {
	o := options(t)
	dir := filepath.Join(o.Output, mustRun(t, workspace(1), o, 0).ID)
	put := func(path string) {
		t.Helper()
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("x"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{".DS_Store", "._docs", "docs/.directory", "docs/@eaDir/doc.json/SYNO@.icon", "docs/Desktop.ini", "docs/Thumbs.db"}
	for _, path := range want {
		put(path)
	}
	for _, extra := range []string{"", "docs/thumbs.db.md"} {
		if extra != "" {
			put(extra)
		}
		r, err := sealed.Verify(t.Context(), o.Output)
		if err != nil {
			t.Fatal(err)
		}
		var strays, damaged []string
		for _, s := range r.Strays {
			strays = append(strays, s.Path)
		}
		for _, d := range r.Damage {
			damaged = append(damaged, d.Path)
		}
		slices.Sort(strays)
		if !slices.Equal(strays, want) || strings.Join(damaged, " ") != extra {
			t.Errorf("strays %q, damage %q, want the damage %q", strays, damaged, extra)
		}
	}
}

func TestVerifyChecksWhatLatestNames(t *testing.T) {
	o := options(t)
	mustRun(t, workspace(1), o, 0)
	o.Now = clockAt(day.Add(time.Hour))
	suspect := mustRun(t, workspace(0), o, 3)
	for _, text := range []string{"2020-01-01T000000Z\n", suspect.ID + "\n", "garbage"} {
		if err := os.WriteFile(filepath.Join(o.Output, "latest.txt"), []byte(text), 0o600); err != nil {
			// it is read-only for who is not root
			os.Remove(filepath.Join(o.Output, "latest.txt"))
			err = os.WriteFile(filepath.Join(o.Output, "latest.txt"), []byte(text), 0o600)
			if err != nil {
				t.Fatal(err)
			}
		}
		r := mustVerify(t, o.Output, 5)
		if len(r.Damage) != 1 || r.Damage[0].Path != "latest.txt" {
			t.Errorf("%q: damage %v", text, r.Damage)
		}
	}
}

func TestVerifyWantsASnapshot(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		_, err := sealed.Verify(t.Context(), dir)
		if !errors.Is(err, folder.ErrNotSnapshot) || snapshot.ExitCode(err) != 10 {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestVerifyStopsWithItsContext(t *testing.T) {
	o := options(t)
	mustRun(t, workspace(1), o, 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := sealed.Verify(ctx, o.Output); !errors.Is(err, context.Canceled) || len(r.Damage) != 0 {
		t.Errorf("error %v, damage %v", err, r.Damage)
	}
}

func TestPartsOfAVerificationReadEverythingOnce(t *testing.T) {
	o := options(t)
	from := workspace(3)
	s := mustRun(t, from, o, 0)
	dir := filepath.Join(o.Output, s.ID)
	whole := mustVerify(t, dir, 0)
	records := int64(0)
	for _, name := range []string{"manifest.json", "summary.json"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		records += info.Size()
	}
	damaged, cut := filepath.Join(dir, from.entries[3].Path), filepath.Join(dir, from.entries[5].Path)
	replace := func(path, text string) {
		if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte(text), 0o400)); err != nil {
			t.Fatal(err)
		}
	}
	replace(damaged, strings.Repeat("x", len(from.content[from.entries[3].Path])))
	replace(cut, "")
	for _, parts := range []int{1, 2, 7} {
		var read int64
		hashes, sizes := 0, 0
		for n := 1; n <= parts; n++ {
			r, err := sealed.VerifySubset(t.Context(), dir, n, parts)
			if err != nil || r.Files != whole.Files {
				t.Fatalf("part %d of %d: %d files, %v", n, parts, r.Files, err)
			}
			read += r.Bytes - records
			for _, d := range r.Damage {
				switch d.Problem {
				case sealed.WrongHash:
					hashes++
				case sealed.WrongSize:
					sizes++
				}
			}
		}
		want := whole.Bytes - records - int64(len(from.content[from.entries[5].Path]))
		if read != want || hashes != 1 || sizes != parts {
			t.Errorf("%d parts: %d bytes read, want %d; the wrong hash was found %d times, the wrong size %d times", parts, read, want, hashes, sizes)
		}
	}
	for _, part := range [][2]int{{0, 1}, {2, 1}, {1, 0}, {-1, -1}} {
		if _, err := sealed.VerifySubset(t.Context(), dir, part[0], part[1]); !errors.Is(err, sealed.ErrSubset) {
			t.Errorf("part %v: %v", part, err)
		}
	}
}
