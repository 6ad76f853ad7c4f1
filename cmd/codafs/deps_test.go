package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/codafs/codafs/"

// ours says which packages of this module each package may import. Test files may import more.
var ours = map[string][]string{
	"coda":                      {},
	"coda/codatest":             {"coda"},
	"coda/codatest/openapitest": {"coda/codatest"},
	"coda/thirdparty":           {}, // nothing but tests
	"cache":                     {},
	"fs":                        {"coda"},
	"fs/mount":                  {"fs"},
	"fs/treetest":               {"fs", "coda", "coda/codatest", "coda/codatest/openapitest", "cache"},
	"snapshot":                  {"fs"},
	"cmd/codafs":                {"coda", "coda/codatest", "cache", "fs", "fs/mount", "snapshot"},
}

// theirs says which package alone may import a library.
var theirs = map[string]string{
	"github.com/hanwen/go-fuse":       "fs/mount",
	"github.com/hashicorp/golang-lru": "cache",
	"github.com/spf13":                "cmd/codafs",
	"github.com/coreos/go-systemd":    "cmd/codafs",
	"github.com/getkin/kin-openapi":   "coda/codatest/openapitest",
	"testing":                         "", // test helpers alone
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
			if ourImport, ok := strings.CutPrefix(i, module); ok && !slices.Contains(allowed, ourImport) {
				t.Errorf("%s imports %s", name, ourImport)
			}
			for library, owner := range theirs {
				if (i == library || strings.HasPrefix(i, library+"/")) && name != owner && !slices.Contains(helpers, name) {
					t.Errorf("%s imports %s", name, i)
				}
			}
		}
	}
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func listPackages(t *testing.T) (all []goPackage) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
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
