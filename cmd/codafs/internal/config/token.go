package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
)

// maxToken is far more than a token has (Coda's are UUIDs); a larger file is not one.
const maxToken = 4096

// credential is the name of the token among a systemd unit's credentials (systemd.exec(5), LoadCredential=). These are
// files in the folder that the variable credentials names.
const (
	credential  = "coda-token"
	credentials = "CREDENTIALS_DIRECTORY"
)

// tokenVariables may hold the token; the first takes precedence.
var tokenVariables = []string{"CODA_API_TOKEN", "CODA_API_KEY"}

// byteOrderMark is what editors on Windows write at the start of a file.
const byteOrderMark = "\ufeff"

// tokenSource is a place with a token in it. The name is for messages; the token must never get into one.
type tokenSource struct{ name, token string }

// FindToken returns the token to use, and warns of oddities: two places that disagree, a file that others can read, a place
// that cannot be read but is not needed. file is --token-file, "" if it is not set. Errors are [exit.TokenError] and never hold
// the token, nor a part of what was read in its place.
func FindToken(file string, warn func(string)) (string, error) {
	found, err := tokenSources(file, warn)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", exit.TokenError{Why: "no API token: " + exit.MakeToken}
	}
	first := found[0]
	for _, s := range found[1:] {
		if s.token != first.token {
			warn(fmt.Sprintf("%s and %s hold different tokens; %s is used", first.name, s.name, first.name))
		}
	}
	return first.token, checkToken(first.name, first.token)
}

// tokenSources returns the places that have a token, the one to use first: CODA_API_TOKEN, CODA_API_KEY, the file, a
// systemd credential. A file that cannot be read is an error if no place before it has a token.
func tokenSources(file string, warn func(string)) (found []tokenSource, err error) {
	for _, name := range tokenVariables {
		if t := strings.TrimSpace(os.Getenv(name)); t != "" {
			found = append(found, tokenSource{name, t})
		}
	}
	read := func(name, file string) error {
		t, err := readToken(file)
		switch {
		case err == nil:
			found = append(found, tokenSource{name, t})
		case len(found) > 0:
			warn(fmt.Sprintf("%v; %s is used", err, found[0].name))
		default:
			return exit.TokenError{Why: fmt.Sprintf("%v; %s", err, exit.MakeToken)}
		}
		return nil
	}
	if file != "" {
		if err := read("--token-file", file); err != nil {
			return nil, err
		}
		if readableByOthers(file) {
			warn(fmt.Sprintf("other users of this machine can read the token file %s: chmod 600 %s", file, file))
		}
	}
	if dir := os.Getenv(credentials); dir != "" {
		file := filepath.Join(dir, credential)
		if _, missing := os.Stat(file); missing == nil {
			if err := read("the systemd credential "+credential, file); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// readableByOthers checks the file's mode, which means nothing on Windows. Pipes and devices have no mode to speak of.
func readableByOthers(file string) bool {
	st, err := os.Stat(file)
	return err == nil && runtime.GOOS != "windows" && st.Mode().IsRegular() && st.Mode().Perm()&0o077 != 0
}

// readToken reads a token from a file, without the spaces and the byte order mark around it. It may be a pipe, as of
// --token-file <(pass coda). An error names the file, never what is in it.
func readToken(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("no API token could be read: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxToken+1))
	if err != nil {
		return "", fmt.Errorf("no API token could be read: %w", err)
	}
	t := strings.TrimSpace(strings.TrimPrefix(string(b), byteOrderMark))
	if t == "" {
		return "", fmt.Errorf("the token file %s is empty", file)
	}
	return t, nil
}

// checkToken refuses a text that cannot be a token: a whole file, or two words. Sent as a header it would be an error that
// holds it. Its own errors never contain the text.
func checkToken(source, token string) error {
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(token) > maxToken || strings.ContainsFunc(token, odd) {
		return exit.TokenError{Why: fmt.Sprintf("%s does not hold an API token (one word, nothing else); %s", source, exit.MakeToken)}
	}
	return nil
}

// TokenOrigin says in words where the token comes from, or why there is none. It reads what FindToken reads, but warns of
// nothing, and does not check whether the text can be a token.
func (s *Settings) TokenOrigin() string {
	if err := s.DemoBesideToken(); err != nil {
		return err.Error()
	}
	if s.Demo {
		return "none is needed (--demo)"
	}
	found, err := tokenSources(s.TokenFile, func(string) {})
	switch {
	case err != nil:
		return err.Error()
	case len(found) == 0:
		return "none"
	}
	return found[0].name
}
