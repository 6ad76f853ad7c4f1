//go:build linux

package mount

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
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
)

var update = flag.Bool("update", false, "run every cell of the matrix of programs, and write it to TOOLS.md")

// matrixFile is the matrix as it is published.
const matrixFile = "TOOLS.md"

// states are what the mount has been through when a program comes.
var states = []string{"cold", "listed", "known", "warm", "changed"}

const matrixHead = `# Programs over a mount

Each program below reads a small tree (10 files, 0 B to 3 MB, one truly empty; a fetch takes 20 ms) of a mount, and
the same tree on disk. ` + "`ok`" + `: output, copies and exit code are the same. The states:

- **cold**: nothing was fetched, no size is known.
- **listed**: the same, after ` + "`ls -lR`, `find -size` and `test -s`" + ` have been told estimates.
- **known**: the sizes are known from an earlier run; nothing was fetched in this one.
- **warm**: everything was read before.
- **changed**: the program itself has run, then all files got other bytes and sizes.

` + "`~`" + `: the program shows sizes, and showed estimates.

` + "`root`" + `: the same for root. Everybody else gets an error, and files are missing: folders of a mount are read-only, and so
are those that the program makes, before it writes into them. It is no other with any tree of read-only folders.

This file is written by ` + "`go test ./fs/mount -run TestPrograms -update`" + `. Without the flag the test runs each
program in one state, chosen by CODAFS_SEED or by chance, and with CODAFS_SOAK=1 in all, and compares. Each cell holds for a
mount that is silent and for one that is not (see doc.go).

`

// documents are the files of the tree, in two versions.
func documents() map[string][2][]byte {
	lines := func(n int) []byte { return sample(n) }
	json := func(n int) []byte {
		return []byte("[" + strings.Repeat(`{"line": 7, "text": "seven"}, `, n) + "null]\n")
	}
	csv := func(n int) []byte { return []byte("a,b\n" + strings.Repeat("line,7 words\n", n)) }
	script := func(n int) []byte { return []byte(strings.Repeat("echo line 7\n", n)) }
	return map[string][2][]byte{
		"one.md":        {[]byte("7"), []byte("77")},
		"small.md":      {lines(1234), lines(12)},
		"page.md":       {lines(4096), lines(8192)},
		"lines.md":      {lines(128 << 10), lines(128<<10 - 1)},
		"big.md":        {lines(3_000_000), lines(2_000_000)},
		"empty.md":      {nil, lines(300)},
		"data.json":     {json(3000), json(30)},
		"data.csv":      {csv(8000), csv(9000)},
		"sub/f1.md":     {lines(20_000), nil},
		"sub/script.sh": {script(1000), script(1500)},
	}
}

// workbench is where programs run: the documents on disk in both versions, and what is the same for all.
type workbench struct {
	docs  map[string][2][]byte
	names string // of the documents
	plain [2]string
	env   []string

	mu   sync.Mutex
	gold map[string]func() result
}

// result is all that a program leaves.
type result struct {
	out   string
	err   error
	files map[string]string
}

func newWorkbench(t *testing.T) *workbench {
	w := &workbench{docs: documents(), gold: map[string]func() result{}}
	w.names = strings.Join(slices.Sorted(maps.Keys(w.docs)), " ")
	for v := range w.plain {
		w.plain[v] = t.TempDir()
		for name, versions := range w.docs {
			path := join(w.plain[v], name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, versions[v], 0o444); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, stamp2026, stamp2026); err != nil {
				t.Fatal(err)
			}
		}
	}
	java := join(t.TempDir(), "Copy.java")
	if err := os.WriteFile(java, []byte(javaCopy), 0o600); err != nil {
		t.Fatal(err)
	}
	interpreter, _ := exec.LookPath("python3")
	w.env = append(os.Environ(), "LC_ALL=C", "TERM=xterm", "F="+w.names, "GO="+os.Args[0], "JAVA="+java,
		"PYTHON="+interpreter, "GORACE=atexit_sleep_ms=0")
	return w
}

// run runs a program over the tree at dir, which should hold version v.
func (w *workbench) run(t *testing.T, p program, dir string, v int) result {
	out := scratch(t)
	if err := os.Mkdir(join(out, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "set -o pipefail; "+p.script)
	cmd.Dir = out
	cmd.Env = append(slices.Clone(w.env), "HOME="+out, "M="+dir, "O="+out, "T="+t.TempDir(), "P="+w.plain[v])
	b, err := cmd.CombinedOutput()
	r := result{err: err, files: map[string]string{}}
	r.out = strings.NewReplacer(dir, "$M", out, "$O", w.plain[v], "$P").Replace(string(b))
	for _, path := range filesBelow(t, out) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r.files[strings.TrimPrefix(path, out)] = string(data)
	}
	return r
}

func filesBelow(t *testing.T, dir string) (paths []string) {
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// want is what a program leaves of a plain copy.
func (w *workbench) want(t *testing.T, p program, v int) result {
	w.mu.Lock()
	key := fmt.Sprint(p.name, v)
	if w.gold[key] == nil {
		w.gold[key] = sync.OnceValue(func() result { return w.run(t, p, w.plain[v], v) })
	}
	gold := w.gold[key]
	w.mu.Unlock()
	return gold()
}

// cell runs one program in one state, and gives its mark.
func (w *workbench) cell(t *testing.T, p program, state string, blind bool) string {
	root := newDir("")
	sub := newDir("sub")
	var files []*fakeFile
	for i, name := range slices.Sorted(maps.Keys(w.docs)) {
		data := w.docs[name][0]
		f := newFile(filepath.Base(name), data).estimating(int64(2*len(data) + 5000))
		f.obj.ID, f.fetch = name, 20*time.Millisecond
		if i%2 == 0 {
			f.onDisk(t)
		}
		files = append(files, f)
		if strings.HasPrefix(name, "sub/") {
			sub.entries = append(sub.entries, f)
		} else {
			root.entries = append(root.entries, f)
		}
	}
	root.entries = append(root.entries, sub)
	root.obj.DocID, sub.obj.DocID = "d1", "d1"
	bell := hangBell(root)
	dir, s := mountServer(t, root, Options{Notified: true, blind: blind})
	v := 0
	switch state {
	case "listed":
		output(t, "sh", "-c", `cd $1; ls -lR; find . -size +1; for f in $2; do test -s $f; done`, "-", dir, w.names)
	case "known":
		for _, f := range files {
			f.knowSize()
		}
	case "warm":
		output(t, "sh", "-c", `cd $1; cat $2`, "-", dir, w.names)
	case "changed":
		w.run(t, p, dir, 0)
		for _, f := range files {
			data := w.docs[f.obj.ID][1]
			f.publish("v2", data)
		}
		bell.start(t, dir, s).after("d1")
		v = 1
	}
	return judge(t, p, state, w.want(t, p, v), w.run(t, p, dir, v))
}

// judge compares what a program left of a mount with what it left of a plain copy.
func judge(t *testing.T, p program, state string, want, got result) string {
	if want.err != nil {
		t.Fatalf("it fails over a plain copy: %v\n%s", want.err, want.out)
	}
	estimates := p.looks && state != "known" && state != "warm"
	switch {
	case p.byRoot && os.Geteuid() != 0:
		if got.err == nil {
			t.Errorf("%s: it says nothing of what only root gets", state)
		}
		return "root"
	case got.err != nil:
		t.Errorf("%s: %v\n%s", state, got.err, got.out)
	case estimates:
		if got.out == want.out && p.name != "find -empty" {
			t.Errorf("%s: it shows exact sizes that nobody has fetched", state)
		}
		return "~"
	case got.out != want.out:
		t.Errorf("%s: it prints %d bytes, want %d\n%.500s\nwant\n%.500s", state, len(got.out), len(want.out), got.out, want.out)
	case !maps.Equal(got.files, want.files):
		for name := range got.files {
			if want, ok := want.files[name]; !ok || want != got.files[name] {
				t.Errorf("%s: its %s has %d bytes, want %d (%v)", state, name, len(got.files[name]), len(want), ok)
			}
		}
		t.Errorf("%s: %d files, want %d", state, len(got.files), len(want.files))
	case p.byRoot:
		return "root"
	default:
		return "ok"
	}
	return "WRONG"
}

// TestPrograms is the matrix of TOOLS.md.
func TestPrograms(t *testing.T) {
	needFUSE(t)
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("CODAFS_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal("CODAFS_SEED:", err)
		}
	}
	all := *update || os.Getenv("CODAFS_SOAK") != ""
	t.Logf("CODAFS_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	w := newWorkbench(t)
	marks := make([]map[string]string, len(programs)) // each is one program's alone
	t.Run("with", func(t *testing.T) {
		for i, p := range programs {
			run, modes := states, []bool{false, true}
			if !all {
				run, modes = []string{states[random.IntN(len(states))]}, []bool{random.IntN(2) == 0}
			}
			marks[i] = map[string]string{}
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				if !p.installed(t) {
					return
				}
				for _, state := range run {
					for _, blind := range modes {
						t.Run(fmt.Sprintf("%s, blind %v", state, blind), func(t *testing.T) {
							if marks[i][state] != "WRONG" {
								marks[i][state] = w.cell(t, p, state, blind)
							}
						})
					}
				}
			})
		}
	})
	table := matrix(marks)
	t.Logf("\n%s", table)
	if *update && !t.Failed() {
		if err := os.WriteFile(matrixFile, []byte(matrixHead+table), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	compareMatrix(t, table)
}

// installed reports whether p can run here; if not, it is skipped.
func (p program) installed(t *testing.T) bool {
	word, _, _ := strings.Cut(p.name, " ")
	switch word {
	case "Go":
		return true
	case "python":
		word = "python3"
	}
	if _, err := exec.LookPath(word); err == nil {
		return true
	}
	if !p.optional {
		t.Skip(word, "is not installed")
	}
	t.Log(word, "is not installed")
	return false
}

// matrix is the table in Markdown. Cells that did not run are empty.
func matrix(marks []map[string]string) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "| program | %s |\n|---|%s\n", strings.Join(states, " | "), strings.Repeat("---|", len(states)))
	for i, p := range programs {
		fmt.Fprintf(&b, "| `%s` |", p.name)
		for _, state := range states {
			fmt.Fprintf(&b, " %s |", marks[i][state])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// compareMatrix holds the cells that ran against the published ones.
func compareMatrix(t *testing.T, table string) {
	published, err := os.ReadFile(matrixFile)
	if err != nil {
		t.Fatal(err)
	}
	head, old, _ := strings.Cut(string(published), "| program |")
	if head != matrixHead {
		t.Errorf("the text of %s is not the test's: run it with -update", matrixFile)
	}
	was, is := strings.Split("| program |"+old, "\n"), strings.Split(table, "\n")
	if len(was) != len(is) {
		t.Fatalf("%s has %d lines, want %d: run the test with -update", matrixFile, len(was), len(is))
	}
	for i := range is {
		cells, published := strings.Split(is[i], "|"), strings.Split(was[i], "|")
		for k := range cells {
			if cell := strings.TrimSpace(cells[k]); cell != "" && (k >= len(published) || cell != strings.TrimSpace(published[k])) {
				t.Errorf("%s says %q, the test %q", matrixFile, was[i], is[i])
				break
			}
		}
	}
}

// javaCopy copies in the ways of Java's library, another one for each file.
const javaCopy = `
import java.io.*; import java.nio.channels.*; import java.nio.file.*;
import static java.nio.file.StandardOpenOption.*;
public class Copy {
  public static void main(String[] a) throws Exception {
    for (int k = 2; k < a.length; k++) {
      Path i = Path.of(a[0], a[k]), o = Path.of(a[1], a[k]);
      switch (k % 4) {
        case 0: Files.copy(i, o); break;
        case 1: Files.write(o, Files.readAllBytes(i)); break;
        case 2: try (FileChannel c = FileChannel.open(i); FileChannel d = FileChannel.open(o, CREATE, WRITE)) { c.transferTo(0, 1L << 30, d); } break;
        default: try (FileChannel c = FileChannel.open(i); FileChannel d = FileChannel.open(o, CREATE, WRITE)) {
          if (c.size() > 0) d.write(c.map(FileChannel.MapMode.READ_ONLY, 0, c.size())); }
      }
    }
  }
}
`
