package main

import (
	iofs "io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	manualPage   = regexp.MustCompile(`\b((?:mount\.)?codafs[a-z-]*)\(([18])\)`)
)

// What 'make install' puts on a machine, and so the packages, leads nowhere that is not there: the links of its texts, and the
// manual pages that they, the manual pages and the units name.
func TestWhatIsInstalledLeadsSomewhere(t *testing.T) {
	if _, err := exec.LookPath("make"); err != nil || runtime.GOOS != "linux" {
		t.Skip("'make install' is for Linux, and needs make")
	}
	root, bin := t.TempDir(), testedProgram(t)
	out, err := exec.Command("make", "-C", "../..", "install", "DESTDIR="+root, "PREFIX=/usr", "BINARY="+bin, "CODAFS="+bin).CombinedOutput()
	if err != nil {
		t.Fatalf("make install: %v\n%s", err, out)
	}
	share := filepath.Join(root, "usr", "share")
	links, pages := 0, 0
	err = filepath.WalkDir(share, func(file string, d iofs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		text := strings.NewReplacer(`\fB`, "", `\fP`, "", `\-`, "-").Replace(string(b))
		if filepath.Ext(file) == ".md" {
			for _, m := range markdownLink.FindAllStringSubmatch(text, -1) {
				links++
				if !exists(filepath.Join(filepath.Dir(file), m[1])) {
					t.Errorf("%s links to %s", file, m[1])
				}
			}
		}
		for _, m := range manualPage.FindAllStringSubmatch(text, -1) {
			pages++
			if !exists(filepath.Join(share, "man", "man"+m[2], m[1]+"."+m[2])) {
				t.Errorf("%s names the manual page %s", file, m[0])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if links < 15 || pages < 40 || !exists(filepath.Join(share, "doc/codafs/cmd/codafs/packaging/README.md")) {
		t.Errorf("%d links, %d names of manual pages", links, pages)
	}
}
