package main

import (
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/coda/codatest"
)

// demoURL stands for the built-in service. Nothing is ever sent there.
const demoURL = "https://localhost" + codatest.Base

// demoNote marks results of the demo.
const demoNote = "demo: the sample workspace"

// baseURL is the address of the API in use.
func (s *settings) baseURL() string {
	if s.demo {
		return demoURL
	}
	return s.apiURL
}

// demoBesideToken refuses a demo that a file or variable asks for while there is a token: a backup of the sample
// workspace could be mistaken for the user's own. On the command line the user has seen the flag.
func (s *settings) demoBesideToken() error {
	if !s.demo || s.flags == nil {
		return nil
	}
	in := variable("demo")
	switch originOf(s.flags.Lookup("demo")) {
	case fromVariable:
	case fromFile:
		in, _ = configFile(s.flags)
	default:
		return nil
	}
	if place := tokenPlace(s.tokenFile); place != "" {
		return exit.Usagef("demo is set in %s, but there is a token (%s): remove one of them (--demo as a flag takes precedence over a token)", in, place)
	}
	return nil
}

// tokenPlace names what holds a token, or may hold one but cannot be read. Missing and empty files do not count.
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
