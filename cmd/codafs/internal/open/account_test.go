package open

import (
	"testing"

	"github.com/codafs/codafs/coda"
)

func TestATokenKeepsItsAccountAndANewTokenGetsItsUsers(t *testing.T) {
	dir := t.TempDir()
	options := func(token string) coda.Options { return coda.Options{BaseURL: coda.DefaultURL, Token: token} }
	first, second, other := options("first"), options("second"), options("other")

	unknown := account(dir, first)
	rememberAccount(dir, first, "ada@example.com")
	if known := account(dir, first); known != unknown {
		t.Errorf("the account was %s while its user was not known, and is %s now", unknown, known)
	}
	rememberAccount(dir, second, "ada@example.com")
	if got := account(dir, second); got != unknown {
		t.Errorf("the account of the user's second token is %s, want %s", got, unknown)
	}
	rememberAccount(dir, other, "grace@example.com")
	elsewhere := options("first")
	elsewhere.BaseURL = "https://coda.example/apis/v1"
	rememberAccount(dir, elsewhere, "ada@example.com")
	if a, b := account(dir, other), account(dir, elsewhere); a == unknown || b == unknown || a == b {
		t.Errorf("another user has the account %s, another host %s, and the first one %s", a, b, unknown)
	}
	if again := account(dir, first); again != unknown {
		t.Errorf("the account is %s at the end", again)
	}
}
