package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	iofs "io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/codafs/codafs/"

// all stands for every package: the program puts them together.
const all = "all"

// ours says which packages of this module each package may import. Test files may import more.
var ours = map[string][]string{
	"cache/filelock":              {},
	"coda/rate":                   {"cache/filelock"},
	"coda/rest":                   {"coda/rate"},
	"coda":                        {"cache/filelock", "coda/rate", "coda/rest"},
	"coda/blob":                   {"coda/rest"},
	"coda/write":                  {"coda", "coda/rest"},
	"coda/codatest":               {"coda"},
	"coda/codatest/openapitest":   {"coda/codatest"},
	"coda/thirdparty":             {}, // nothing but tests
	"cache":                       {"cache/filelock"},
	"fs":                          {},
	"fs/render":                   {},
	"fs/edit":                     {"fs/render"},
	"fs/edit/outbox":              {"fs/edit", "cache/filelock"},
	"fs/remote":                   {"fs", "fs/render", "fs/remote/dir", "fs/remote/load", "fs/remote/readahead", "fs/remote/control"},
	"fs/remote/load":              {"fs"},
	"fs/remote/dir":               {"fs"},
	"fs/remote/keys":              {},
	"fs/remote/readahead":         {"fs"},
	"fs/remote/control":           {"fs", "fs/render", "fs/remote/load"},
	"fs/source/codadocs":          {"fs", "fs/remote", "fs/remote/load", "fs/render", "fs/source/codadocs/codapick", "fs/source/codadocs/codatext", "fs/source/codadocs/pagetree", "fs/source/codadocs/sights", "coda", "coda/blob", "coda/rate", "coda/rest"},
	"fs/source/codadocs/pagetree": {"fs", "fs/remote", "coda"},
	"fs/source/codadocs/sights":   {"fs", "fs/remote", "fs/source/codadocs/codatext", "coda", "coda/blob"},
	"fs/source/codadocs/codapick": {"fs", "coda"},
	"fs/source/codadocs/codatext": {"fs", "fs/render", "coda", "coda/blob"},
	"fs/source/codadocs/codasend": {"fs/edit", "fs/edit/outbox", "fs/source/codadocs/codaedit", "coda", "coda/rest", "coda/write"},
	"fs/source/codadocs/codaedit": {"fs/edit", "fs/source/codadocs/codatext", "coda"},
	"fs/mount":                    {"fs", "fs/mount/mountpoint", "fs/mount/caller", "fs/mount/notify"},
	"fs/mount/mountpoint":         {},
	"fs/mount/caller":             {},
	"fs/mount/notify":             {"fs/mount/mountpoint"},
	"fs/treetest":                 {"fs", "fs/remote", "fs/remote/keys", "fs/source/codadocs", "coda", "coda/blob", "coda/rest", "coda/codatest", "coda/codatest/openapitest", "cache"},
	"snapshot/format":             {"fs"},
	"snapshot/spool":              {},
	"snapshot/dirs":               {},
	"snapshot/folder":             {"fs", "snapshot/dirs", "snapshot/format", "cache/filelock"},
	"snapshot/sealed":             {"fs", "snapshot/dirs", "snapshot/format", "snapshot/folder"},
	"snapshot":                    {"fs", "snapshot/format", "snapshot/folder", "snapshot/sealed", "snapshot/spool"},

	"cmd/codafs":                   {all},
	"cmd/codafs/internal/term":     {},
	"cmd/codafs/internal/exit":     {"fs", "coda/rest", "snapshot", "snapshot/format", "snapshot/sealed"},
	"cmd/codafs/internal/config":   {"fs", "fs/source/codadocs", "coda", "coda/codatest", "cmd/codafs/internal/term", "cmd/codafs/internal/exit"},
	"cmd/codafs/internal/progress": {"fs", "coda", "coda/rate", "coda/rest", "snapshot", "snapshot/format", "cmd/codafs/internal/term"},
	"cmd/codafs/internal/open": {"fs", "fs/remote", "fs/remote/keys", "fs/source/codadocs", "cache", "cache/filelock", "coda", "coda/blob", "coda/codatest", "coda/rate", "coda/rest", "snapshot", "snapshot/format",
		"cmd/codafs/internal/term", "cmd/codafs/internal/exit", "cmd/codafs/internal/config"},
	"cmd/codafs/internal/writing": {"fs/edit", "fs/edit/outbox", "fs/render", "fs/source/codadocs/codaedit", "fs/source/codadocs/codasend", "fs/source/codadocs/codatext", "coda", "coda/rest",
		"snapshot/format", "cmd/codafs/internal/term", "cmd/codafs/internal/exit", "cmd/codafs/internal/config", "cmd/codafs/internal/open", "cmd/codafs/internal/target"},
	"cmd/codafs/internal/target": {"fs", "coda", "snapshot", "cmd/codafs/internal/config", "cmd/codafs/internal/exit", "cmd/codafs/internal/find"},
	"cmd/codafs/internal/find":   {"fs", "fs/mount/mountpoint", "coda", "cmd/codafs/internal/term", "cmd/codafs/internal/exit"},
	"cmd/codafs/internal/backup": {"fs", "fs/mount/mountpoint", "fs/remote", "fs/source/codadocs", "fs/source/codadocs/sights", "coda", "coda/rate", "coda/rest",
		"snapshot", "snapshot/format", "snapshot/folder", "snapshot/sealed", "cmd/codafs/internal/term", "cmd/codafs/internal/exit",
		"cmd/codafs/internal/config", "cmd/codafs/internal/progress", "cmd/codafs/internal/open"},
	"cmd/codafs/internal/daemon": {"fs", "fs/mount/mountpoint", "coda/rest", "snapshot", "cmd/codafs/internal/term", "cmd/codafs/internal/exit",
		"cmd/codafs/internal/config", "cmd/codafs/internal/open"},
	"cmd/codafs/internal/doctor": {"fs/mount/mountpoint", "fs/source/codadocs", "coda", "coda/rest", "snapshot/folder", "cmd/codafs/internal/term",
		"cmd/codafs/internal/exit", "cmd/codafs/internal/config", "cmd/codafs/internal/open", "cmd/codafs/internal/backup", "cmd/codafs/internal/daemon"},
	"cmd/codafs/internal/status": {"coda", "coda/rate", "coda/rest", "snapshot/format", "cmd/codafs/internal/term", "cmd/codafs/internal/exit",
		"cmd/codafs/internal/config", "cmd/codafs/internal/open", "cmd/codafs/internal/backup", "cmd/codafs/internal/daemon"},
}

// theirs says which packages alone may import a library.
var theirs = map[string][]string{
	"github.com/hanwen/go-fuse":       {"fs/mount"},
	"github.com/hashicorp/golang-lru": {"cache", "fs/remote", "fs/remote/load", "fs/mount/caller"},
	"github.com/spf13/cobra":          {"cmd/codafs"},
	"github.com/spf13/pflag":          {"cmd/codafs", "cmd/codafs/internal/config"}, // a setting is a flag
	"github.com/coreos/go-systemd":    {"cmd/codafs"},
	"golang.org/x/net":                {"coda/blob"},
	"golang.org/x/time":               {"coda/blob"},
	"github.com/getkin/kin-openapi":   {"coda/codatest/openapitest"},
	"testing":                         {}, // test helpers alone
}

// helpers are packages for tests, which may import package testing.
var helpers = []string{"coda/codatest/openapitest", "fs/treetest"}

func TestImportsPointInOneDirection(t *testing.T) {
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, known := ours[name]
		if !known {
			t.Errorf("%s: a package that this test does not know; say here what it may import", name)
		}
		for _, i := range p.Imports {
			if ourImport, ok := strings.CutPrefix(i, module); ok && !slices.Contains(allowed, ourImport) && !slices.Contains(allowed, all) {
				t.Errorf("%s imports %s", name, ourImport)
			}
			for library, owners := range theirs {
				if (i == library || strings.HasPrefix(i, library+"/")) && !slices.Contains(owners, name) && !slices.Contains(helpers, name) {
					t.Errorf("%s imports %s", name, i)
				}
			}
		}
	}
}

// Limits of a package, without its tests.
const (
	mostFiles = 15
	mostLines = 2500
)

// mayBeLarge are packages with one small thing after the other: endpoints of the stand-in, commands.
var mayBeLarge = []string{"coda/codatest", "cmd/codafs"}

// Files for other systems count too.
func TestPackagesStaySmall(t *testing.T) {
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if slices.Contains(mayBeLarge, name) {
			continue
		}
		files, lines := 0, 0
		paths, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, %v", name, len(paths), err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files++
			lines += bytes.Count(b, []byte("\n"))
		}
		if files > mostFiles {
			t.Errorf("%s has %d files without its tests, %d more than a package may have (%d): split it", name, files, files-mostFiles, mostFiles)
		}
		if lines > mostLines {
			t.Errorf("%s has %d lines without its tests, %d more than a package may have (%d): split it", name, lines, lines-mostLines, mostLines)
		}
	}
}

var (
	comment = regexp.MustCompile(`(?:^|\s)//\s.*`)
	goFile  = regexp.MustCompile(`[a-z0-9_./-]*\b[a-z][a-z0-9_]*\.go\b`)
)

// Comments and texts name files as they are called now. A comment that gives no folder means a file beside it.
func TestFilesThatTextsNameExist(t *testing.T) {
	root := os.DirFS("../..")
	var paths []string
	err := iofs.WalkDir(root, ".", func(p string, _ iofs.DirEntry, err error) error {
		paths = append(paths, p)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	texts := 0
	for _, p := range paths {
		isGo := path.Ext(p) == ".go"
		if !isGo && path.Ext(p) != ".md" || p == "CHANGELOG.md" || strings.Contains(p, "/testdata/") {
			continue // history has the names of its day
		}
		texts++
		b, err := iofs.ReadFile(root, p)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(b), "\n") {
			if isGo {
				line = comment.FindString(line)
			}
			for _, name := range goFile.FindAllString(line, -1) {
				if isGo && !strings.Contains(name, "/") {
					name = path.Join(path.Dir(p), name)
				}
				if !slices.ContainsFunc(paths, func(there string) bool { return there == name || strings.HasSuffix(there, "/"+name) }) {
					t.Errorf("%s:%d names %s, which is not there", p, i+1, name)
				}
			}
		}
	}
	if texts < 100 {
		t.Errorf("only %d texts were read", texts)
	}
}

// fs is our package in all files, and io/fs is iofs.
func TestTheTwoPackagesFsHaveTheirNames(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, file := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range f.Imports {
				name := ""
				if i.Name != nil {
					name = i.Name.Name
				}
				if want, ok := map[string]string{`"io/fs"`: "iofs", `"` + module + `fs"`: ""}[i.Path.Value]; ok && name != want {
					t.Errorf("%s/%s imports %s as %q, want %q", p.ImportPath, file, i.Path.Value, name, want)
				}
			}
		}
	}
}

type goPackage struct {
	Dir, ImportPath                    string
	Imports                            []string
	GoFiles, TestGoFiles, XTestGoFiles []string
}

func listPackages(t *testing.T) (all []goPackage) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=Dir,ImportPath,Imports,GoFiles,TestGoFiles,XTestGoFiles", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
