package main

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/coda/codatest"
)

// demoURL stands for the built-in service. Nothing is ever sent there.
const demoURL = "https://localhost" + codatest.Base

// demoNote is what results of the demo say.
const demoNote = "demo: the sample workspace"

// baseURL is the API's address that is in use.
func (s *settings) baseURL() string {
	if s.demo {
		return demoURL
	}
	return s.apiURL
}

// demoBesideToken refuses the demo where a file or variable wants it and there is a token: a backup of the sample
// workspace would pass for one of the user's own. On the command line, whoever gave the token has seen the flag.
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
		return usageError{fmt.Errorf("demo is set in %s, but there is a token (%s): remove one of them (--demo as a flag takes precedence over a token)", in, place)}
	}
	return nil
}

// tokenPlace names what holds a token, or may hold one that cannot be read: of files, all but missing and empty ones.
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
