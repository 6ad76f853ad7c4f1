package main

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/coda"
)

// An account's contents are kept under the API's host and the user's name, so that a new token
// finds what an old one fetched. Whose a token is takes a request to find out: it is remembered
// in a file named by a hash of the token. Until it is known, the hash stands for the name.

// account names whose contents a client gets, without telling the token.
func account(cacheDir string, o coda.Options) string {
	name := tokenHash(o)
	if b, err := os.ReadFile(accountFile(cacheDir, o)); err == nil && len(b) > 0 {
		name = strings.TrimSpace(string(b))
	}
	return host(o) + "/" + name
}

// rememberAccount keeps the name for the next run. Without it that only fetches more.
func rememberAccount(cacheDir string, o coda.Options, user string) {
	file := accountFile(cacheDir, o)
	if user == "" || os.MkdirAll(filepath.Dir(file), 0o700) != nil {
		return
	}
	if old, err := os.ReadFile(file); err == nil && string(old) == user {
		return
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".tmp-")
	if err != nil {
		return
	}
	_, err = tmp.WriteString(user)
	if e := tmp.Close(); err != nil || e != nil || os.Rename(tmp.Name(), file) != nil {
		os.Remove(tmp.Name())
	}
}

func accountFile(cacheDir string, o coda.Options) string {
	return filepath.Join(cacheDir, "accounts", tokenHash(o))
}

// rateFile is where the processes of an account share its rate limits.
func rateFile(cacheDir string, o coda.Options) string {
	return filepath.Join(cacheDir, "rates", shortHash(account(cacheDir, o))+".json")
}

func tokenHash(o coda.Options) string { return shortHash(host(o) + " " + o.Token) }

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// host is the API's; twins have one workspace, but codafs does not count on that.
func host(o coda.Options) string {
	if u, err := url.Parse(o.BaseURL); err == nil {
		return u.Host
	}
	return ""
}
