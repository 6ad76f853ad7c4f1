package open

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/coda"
)

// An account's contents are kept under the API's host and a name for the user: the hash of the first token that this
// user had. So the contents are found at once: to find out whose token it is takes a request. When that is known, the
// token's file gets the name of the user's account, so that a new token finds what an old one fetched.

// account names the account whose contents a client uses. The name reveals neither the token nor the user. It is a part of
// every key in the cache, so contents of two accounts never mix, and names the file of their rate limits (rateFile).
func account(cacheDir string, o coda.Options) string {
	name, ok := readName(tokenFile(cacheDir, o))
	if !ok {
		name = tokenHash(o)
	}
	return host(o) + "/" + name
}

// rememberAccount keeps the token's account for the next run. If that fails, a new token fetches again what the old one
// fetched. This run keeps the name that it began with: half of its contents would otherwise be under another one.
func rememberAccount(cacheDir string, o coda.Options, user string) {
	if user == "" {
		return
	}
	userFile := filepath.Join(cacheDir, "accounts", "user-"+shortHash(host(o)+" "+user))
	name, ok := readName(userFile)
	if !ok {
		name = tokenHash(o)
		writeName(userFile, name)
	}
	if old, _ := readName(tokenFile(cacheDir, o)); old != name {
		writeName(tokenFile(cacheDir, o), name)
	}
}

func tokenFile(cacheDir string, o coda.Options) string {
	return filepath.Join(cacheDir, "accounts", tokenHash(o))
}

func readName(file string) (name string, ok bool) {
	b, err := os.ReadFile(file)
	return strings.TrimSpace(string(b)), err == nil && len(b) > 0
}

// writeName writes the whole file or nothing: another process may read it meanwhile. Errors are ignored; rememberAccount
// says what they cost.
func writeName(file, name string) {
	if os.MkdirAll(filepath.Dir(file), 0o700) != nil {
		return
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".tmp-")
	if err != nil {
		return
	}
	_, err = tmp.WriteString(name)
	if e := tmp.Close(); err != nil || e != nil || os.Rename(tmp.Name(), file) != nil {
		os.Remove(tmp.Name())
	}
}

// rateFile is the file in which the processes of an account share its rate limits. Coda counts per user, so two tokens of one
// user must have one file: it is named after the account, as far as that is known.
func rateFile(cacheDir string, o coda.Options) string {
	return filepath.Join(cacheDir, "rates", shortHash(account(cacheDir, o))+".json")
}

func tokenHash(o coda.Options) string { return shortHash(host(o) + " " + o.Token) }

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// host returns the API's host. Twin addresses of the API (coda.io, docs.superhuman.com) have one workspace, but codafs does
// not rely on that: to fetch twice is dear, to show what belongs to somebody else is worse.
func host(o coda.Options) string {
	if u, err := url.Parse(o.BaseURL); err == nil {
		return u.Host
	}
	return ""
}
