//go:build !race

package main

import (
	"os"
	"testing"

	"golang.org/x/tools/go/packages"
)

// What users of other systems run must compile there, its tests too. This checks the types in the sources, the standard
// library's too: 18 s of processor time for a system, where go vet, which has the compiler make all of it, takes 150 s. make
// vet-others does that; make package links the program. The race detector sees nothing here, and takes three times as long.
func TestTheSourcesFitOtherSystems(t *testing.T) {
	for _, system := range []struct{ os, arch string }{{"darwin", "arm64"}, {"windows", "amd64"}} {
		t.Run(system.os+"/"+system.arch, func(t *testing.T) {
			all, err := packages.Load(&packages.Config{
				Mode:    packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps | packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo,
				Context: t.Context(),
				Env:     append(os.Environ(), "GOOS="+system.os, "GOARCH="+system.arch, "CGO_ENABLED=0"),
				Tests:   true,
			}, module+"...")
			if err != nil {
				t.Fatal(err)
			}
			packages.Visit(all, nil, func(p *packages.Package) {
				for _, err := range p.Errors {
					t.Error(err)
				}
			})
		})
	}
}
