package open

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/snapshot/format"
)

// Another makes a second client of the workspace, whose options differ. It shares the rate limits, and with --demo the
// service.
func (w *Workspace) Another(change func(*coda.Options)) (*coda.Client, error) {
	o := w.options
	change(&o)
	return coda.New(o)
}

// StateFolder is the folder below base for the account of the workspace's token. Who that is, is remembered there for each
// token; else Coda is asked. It is not the name that the cache has for the account: that may be cleared at any time.
func (w *Workspace) StateFolder(ctx context.Context, base string) (string, error) {
	if w.demo {
		return filepath.Join(base, "demo"), nil
	}
	dir := filepath.Join(base, strings.ReplaceAll(host(w.options), ":", "_"))
	user, err := userOf(ctx, dir, w.Client, w.options)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, user), nil
}

// SameAccount checks that another client's token is of the same account.
func (w *Workspace) SameAccount(ctx context.Context, base string, other *coda.Client, token string) error {
	dir := filepath.Join(base, strings.ReplaceAll(host(w.options), ":", "_"))
	mine, err := userOf(ctx, dir, w.Client, w.options)
	if err != nil {
		return err
	}
	o := w.options
	o.Token = token
	theirs, err := userOf(ctx, dir, other, o)
	if err == nil && mine != theirs {
		err = exit.TokenError{Why: "the token of --write-token-file is another account's than the one that reads: make one of the same account"}
	}
	return err
}

// userOf names the account of a token, in a way that tells nobody who it is.
func userOf(ctx context.Context, dir string, c *coda.Client, o coda.Options) (string, error) {
	file := filepath.Join(dir, "token-"+tokenHash(o))
	if name, ok := readName(file); ok {
		return name, nil
	}
	user, err := c.WhoAmI(ctx)
	if err != nil {
		return "", err
	}
	name := shortHash(host(o) + " " + user.LoginID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", exit.Error{Code: format.ExitDestination, Err: err}
	}
	writeName(file, name)
	return name, nil
}
