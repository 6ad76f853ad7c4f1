package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/codafs/codafs/coda/codatest"
)

const readme = "../../README.md"

// What README shows of a terminal is true: its commands run as they stand there, one after the other, and print
// what it says; … stands for anything. What needs no --demo reads the sample workspace from a service. Blocks that are
// not of the kind console are not run.
func TestReadmeCommandsRunAsWritten(t *testing.T) {
	needFUSE(t)
	r := serveReal(t, codatest.Sample(), codatest.Options{})
	dir, home := t.TempDir(), filepath.Join(r.dir, "home")
	if err := os.Symlink(r.bin, filepath.Join(dir, "codafs")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = exec.Command("chmod", "-R", "u+w", dir).Run() }) // only root can remove copies of a mount as they are
	for _, mnt := range []string{filepath.Join(dir, "mnt"), filepath.Join(home, "coda")} {
		t.Cleanup(func() { _ = r.command("unmount", mnt).Run() })
	}
	for _, step := range readmeSteps(t) {
		cmd := exec.Command("bash", "-c", step.command)
		cmd.Dir = dir
		cmd.Env = append(r.command().Env, "HOME="+home, "PATH="+filepath.Dir(r.bin)+":"+os.Getenv("PATH"), "LC_ALL=C.UTF-8")
		if err := os.MkdirAll(home, 0o700); err != nil {
			t.Fatal(err)
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", step.command, err, out)
		}
		if !step.says.Match(out) {
			t.Errorf("%s prints\n%s\nREADME says\n%s", step.command, out, step.text)
		}
	}
}

// readmeStep is a command and what it is said to print.
type readmeStep struct {
	command, text string
	says          *regexp.Regexp
}

var consoleBlock = regexp.MustCompile("(?ms)^(?:<!-- picture: (\\S+) -->\n)?```console\n(.*?)^```$")

func readmeSteps(t *testing.T) (steps []readmeStep) {
	for _, block := range readmeBlocks(t) {
		for _, part := range strings.Split("\n"+block[2], "\n$ ")[1:] {
			command, text, _ := strings.Cut(part, "\n")
			pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(text)), "…", "(?s:.*)")
			if text = strings.TrimSpace(text); text == "" {
				pattern = ""
			}
			steps = append(steps, readmeStep{command, text, regexp.MustCompile(`^` + pattern + `\s*$`)})
		}
	}
	return steps
}

func readmeBlocks(t *testing.T) [][]string {
	b, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	blocks := consoleBlock.FindAllStringSubmatch(string(b), -1)
	if len(blocks) < 3 {
		t.Fatalf("README has %d blocks of commands", len(blocks))
	}
	return blocks
}

// The picture is of a session that the test above has held.
func TestReadmePictureIsUpToDate(t *testing.T) {
	for _, block := range readmeBlocks(t) {
		if block[1] == "" {
			continue
		}
		path := filepath.Join(filepath.Dir(readme), block[1])
		want := terminalSVG(block[2])
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what README shows (%v); write it with: go test ./cmd/codafs -run Picture -update", block[1], err)
		}
	}
}

// terminalSVG draws a session as a terminal shows it.
func terminalSVG(session string) []byte {
	const width, height, margin = 8.4, 20, 16
	lines := strings.Split(strings.TrimRight(session, "\n"), "\n")
	longest := 0
	for _, line := range lines {
		longest = max(longest, utf8.RuneCountInString(line))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">`+"\n",
		width*float64(longest)+2*margin, height*len(lines)+2*margin)
	b.WriteString(`<rect width="100%" height="100%" rx="8" fill="#1e2127"/>` + "\n")
	for i, line := range lines {
		colour := "#c8ccd4"
		if strings.HasPrefix(line, "$ ") {
			colour = "#98c379"
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s" xml:space="preserve">`, margin, margin+height*i+14, colour)
		_ = xml.EscapeText(&b, []byte(line)) // a buffer takes everything
		b.WriteString("</text>\n")
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}
