package exit

import (
	"crypto/tls"
	"errors"
	iofs "io/fs"
	"strings"
	"syscall"

	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/sealed"
)

// MakeToken says how to get a token, for messages about a missing or refused one.
const MakeToken = "make one at https://coda.io/account (API settings) and set CODA_API_TOKEN or use --token-file"

// Describe describes an error in one line, and says what to do about it unless that is obvious.
func Describe(err error) string {
	line := strings.Join(strings.Fields(err.Error()), " ")
	_, silent := errors.AsType[*rest.SilenceError](err)
	_, refused := errors.AsType[*snapshot.RefusedError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	hint, hinted := errors.AsType[hintedError](err)
	switch code := rest.CodeOf(err); {
	case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
		line += "; allow more open files (ulimit -n), or lower --concurrency"
	case silent:
		line += "; what is done is kept, run again to resume"
	case refused || code == rest.CodeUnauthorized:
		line = "Coda refused the token; " + MakeToken
	case code == rest.CodeOffline && listsDocs(err):
		line = "nothing was fetched before with these settings: run once without --offline"
	case code == rest.CodeOffline:
		line += "; it was not fetched before with these settings: run once without --offline"
	case code == rest.CodeForbidden:
		line += "; this token may not see that (a token for one doc needs --doc ID)"
	case errors.Is(err, rest.ErrProxyPassword):
	case untrusted:
		line += "; is the clock of this machine right, and does something on the way answer in Coda's place (a company's proxy, whose certificate SSL_CERT_FILE may name)?"
	case code == rest.CodeUnreachable:
		line += "; is the network up, and --api-url right?"
	case code == rest.CodeBadAnswer || code == rest.CodeRedirect:
		line += "; is --api-url right, and is there a proxy or a sign-in page in between?"
	case hinted:
		line += "; " + hint.do
	case errors.Is(err, snapshot.ErrNotMount):
		line += "; name the folder that 'codafs mount' shows, or none to read from Coda directly"
	case errors.Is(err, sealed.ErrPolicy):
		line += "; say what to keep, such as --keep-daily 14 --keep-monthly 12"
	case noAPI(err):
		line += "; no API of Coda is there: is --api-url right, with its path (/apis/v1)?"
	case errors.Is(err, iofs.ErrNotExist) && code != "":
		line += "; it may have been deleted, or the token may not see it"
	}
	return line
}

// noAPI reports that an address which every API of Coda has was not found.
func noAPI(err error) bool {
	e, ok := errors.AsType[*rest.Error](err)
	return ok && e.Code == rest.CodeNotFound && (e.Path == "/docs" || e.Path == "/whoami")
}

// listsDocs reports that the list of docs failed, without which there is nothing.
func listsDocs(err error) bool {
	e, ok := errors.AsType[*rest.Error](err)
	return ok && e.Path == "/docs"
}
