package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
)

// pathValue is the value of a flag that names a file or folder. It expands a leading ~/: a shell does so in arguments,
// but neither after a = nor in a variable or file.
type pathValue string

// PathVar adds a flag that names a file or folder. Its usage text calls the value `FILE` or `DIR`.
func PathVar(f *pflag.FlagSet, p *string, name, shorthand, value, usage string) {
	*p = value
	f.VarP((*pathValue)(p), name, shorthand, usage)
}

// Set implements [pflag.Value].
func (p *pathValue) Set(s string) error {
	expanded, err := expandHome(s)
	*p = pathValue(expanded)
	return err
}

// String implements [pflag.Value].
func (p *pathValue) String() string { return string(*p) }

// Type implements [pflag.Value].
func (p *pathValue) Type() string { return "path" }

// expandHome replaces a leading ~/ by the user's own folder. Folders of other users (~name) are refused.
func expandHome(s string) (string, error) {
	if !strings.HasPrefix(s, "~") {
		return s, nil
	}
	if rest := s[1:]; rest == "" || os.IsPathSeparator(rest[0]) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("%q: your own folder is not known: %w", s, err)
		}
		return filepath.Join(home, rest), nil
	}
	return "", fmt.Errorf("%q: only ~/ is known, as your own folder: write the path in full, or ./%s", s, s)
}

// Absolute returns dir as an absolute path, or dir itself if the working folder is gone. Links in it are not followed.
func Absolute(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}
