package config

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/coda/codatest"
)

// DemoURL stands for the built-in service. Nothing is ever sent there: the client's transport is the service itself. Manifests
// have it as the address of the API, so snapshots of the demo are never compared with those of an account.
const DemoURL = "https://localhost" + codatest.Base

// DemoNote is what marks results of the demo for people.
const DemoNote = "demo: the sample workspace"

// DemoBesideToken refuses a demo that a file or variable asks for while there is a token: a backup of the sample
// workspace could be mistaken for the user's own. On the command line the user has seen the flag.
func (s *Settings) DemoBesideToken() error {
	if !s.Demo || s.flags == nil {
		return nil
	}
	in := Variable("demo")
	switch OriginOf(s.flags.Lookup("demo")) {
	case FromVariable:
	case FromFile:
		in, _ = File(s.flags)
	default:
		return nil
	}
	if place := tokenPlace(s.TokenFile); place != "" {
		return exit.Usagef("demo is set in %s, but there is a token (%s): remove one of them (--demo as a flag takes precedence over a token)", in, place)
	}
	return nil
}

// tokenPlace names what holds a token, or may hold one but cannot be read; "" if nothing does. Missing and empty files do not
// count: an empty token file is a way to try the units of the packages.
func tokenPlace(file string) string {
	for _, name := range tokenVariables {
		if strings.TrimSpace(os.Getenv(name)) != "" {
			return name
		}
	}
	mayHold := func(file string) bool {
		st, err := os.Stat(file)
		return err == nil && (!st.Mode().IsRegular() || st.Size() > 0) || err != nil && !errors.Is(err, iofs.ErrNotExist)
	}
	if file != "" && mayHold(file) {
		return "--token-file"
	}
	if dir := os.Getenv(credentials); dir != "" && mayHold(filepath.Join(dir, credential)) {
		return "the systemd credential " + credential
	}
	return ""
}
