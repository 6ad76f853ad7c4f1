package config

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/spf13/pflag"
)

// RegisterWriting adds the flags of the commands that write to Coda, beside those of [Settings.RegisterService].
func (s *Settings) RegisterWriting(f *pflag.FlagSet) {
	s.registerState(f)
	PathVar(f, &s.WriteTokenFile, "write-token-file", "", "", "`FILE` with an API token for writes alone; everything else is asked with the other token")
}

func (s *Settings) registerState(f *pflag.FlagSet) {
	PathVar(f, &s.StateDir, "state-dir", "", "", "keep what is to be written in `DIR` (default: codafs in the user's state folder)")
}

// StateFolder is the folder of what must not get lost: it is never the cache, and nothing clears it. It may be missing.
func (s *Settings) StateFolder() (string, error) {
	if s.StateDir != "" {
		return filepath.Abs(s.StateDir)
	}
	if base := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "codafs"), nil
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		base, err := os.UserConfigDir() // the system's place for data of programs
		return filepath.Join(base, "codafs", "state"), err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("no place for the outbox: set HOME or --state-dir")
	}
	return filepath.Join(home, ".local", "state", "codafs"), nil
}

// WriteToken reads the token for writes, "" if there is none of its own. Its errors are those of [FindToken].
func (s *Settings) WriteToken() (string, error) {
	if s.WriteTokenFile == "" || s.Demo {
		return "", nil
	}
	t, err := readToken(s.WriteTokenFile)
	if err != nil {
		return "", exit.TokenError{Why: "--write-token-file: " + err.Error()}
	}
	return t, checkToken("--write-token-file", t)
}
