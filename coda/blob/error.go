package blob

import (
	"fmt"
	"net/http"
	"syscall"

	"github.com/codafs/codafs/coda/rest"
)

// Codes of failed fetches, beside those of package rest. A blob that is too large is one of [rest.CodeTooLarge].
const (
	CodeExpired     rest.Code = "blob_expired"      // the address works no longer
	CodeGone        rest.Code = "blob_gone"         // there is nothing at the address
	CodeForeignHost rest.Code = "blob_foreign_host" // the address, or a redirect, is not Coda's
	CodeWrongLength rest.Code = "blob_wrong_length" // other than announced
	CodeWrongBytes  rest.Code = "blob_wrong_bytes"  // not those of the try before
)

// NeedsAddress reports whether a fetch failed in a way that another address of the blob may mend: from the page or row that shows it, got afresh.
func NeedsAddress(err error) bool {
	code := rest.CodeOf(err)
	return code == CodeExpired || code == CodeGone
}

// failed makes an error that stays.
func failed(code rest.Code, format string, args ...any) *rest.Error {
	return &rest.Error{Code: code, Message: fmt.Sprintf(format, args...), Final: true}
}

// tooLarge makes the error of a blob that has more bytes than may be fetched. Programs know it as EFBIG.
func tooLarge(format string, args ...any) *rest.Error {
	e := failed(rest.CodeTooLarge, format, args...)
	e.Err = syscall.EFBIG
	return e
}

// inWordsOfBlobs says what a failed request means for a blob. That the host refuses is not the token's matter: it has none.
func inWordsOfBlobs(e *rest.Error) *rest.Error {
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		e.Code, e.Final = CodeExpired, true
	case http.StatusNotFound, http.StatusGone:
		e.Code, e.Final = CodeGone, true
	}
	if e.Code == rest.CodeRedirect {
		e.Code = CodeForeignHost
	}
	return e
}
