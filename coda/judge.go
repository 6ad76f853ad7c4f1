package coda

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"
)

// A page's text says nothing of itself, and whatever stands between this client and the storage may answer
// in its stead. So a download is judged by what it looks like: some can never be the page ([answer.never]);
// some hardly are ([answer.doubt]), but a page may look like anything, and one that is exported twice with
// the same bytes is what it is.

var webPages = []string{"text/html", "application/xhtml+xml"}

// plainTypes are those of a file that is what it should be, as far as its type tells.
var plainTypes = []string{"", "text/plain", "text/markdown", "text/x-markdown", "application/octet-stream", "binary/octet-stream",
	"application/gzip", "application/x-gzip"}

// markup is how a web page or an XML document begins, or the HTML of a page that was asked for as Markdown.
var markup = regexp.MustCompile(`(?is)^(<!--.*?-->\s*)*(<!doctype|<\?xml|<(html|head|title|meta|script|style|body|center|error|h[1-6]|p|div)[\s>])`)

var (
	storageError = regexp.MustCompile(`^(<\?xml[^>]*>\s*)?<Error>\s*<Code>`)
	anyTag       = regexp.MustCompile(`(?i)<(!|/?[a-z])`)
	byteMark     = []byte("\ufeff")
)

// maxStrange is how many of a hundred characters of a text may be no UTF-8. Compressed data has far more.
const maxStrange = 10

// never reports why a download cannot be the page, nil if it can.
func (a answer) never(f Format) *Error {
	e := &Error{Code: CodeBadAnswer, Status: a.status, Err: errWrongFile, last: true}
	switch {
	case f == Markdown && slices.Contains(webPages, a.media):
		e.Message = "the download is a web page, not the page's Markdown"
	case (a.media == "application/xml" || a.media == "text/xml") && storageError.Match(start(a.body)):
		e.Code, e.Err = CodeExportFailed, errLinkExpired // a dead link was once seen to be answered with status 200
	case 100*strange(a.body) > maxStrange*utf8.RuneCount(a.body):
		e.Message = "the download is no text; it may be compressed"
	default:
		return nil
	}
	return e
}

// doubt reports what makes a download look unlike the page, "" if nothing does.
func (a answer) doubt(f Format) string {
	head := start(a.body)
	switch {
	case len(a.body) == 0 && !a.coded:
		return "it is empty"
	case !slices.Contains(plainTypes, a.media) && !(f == HTML && slices.Contains(webPages, a.media)):
		return fmt.Sprintf("it came as %.50q", a.media)
	case f == Markdown && markup.Match(head), storageError.Match(head):
		return "it begins like a web page or XML"
	case f == HTML && len(head) > 0 && !anyTag.Match(head):
		return "it has no HTML in it"
	case isEnvelope(head):
		return "it looks like an error of the API"
	case bytes.IndexByte(a.body, 0) >= 0:
		return "it has zero bytes in it"
	case !utf8.Valid(a.body):
		return "it is not all UTF-8"
	}
	return ""
}

// start is a text without the byte order mark and the space that may come first.
func start(b []byte) []byte { return bytes.TrimSpace(bytes.TrimPrefix(b, byteMark)) }

// strange counts the bytes that are no UTF-8.
func strange(b []byte) (n int) {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			n++
		}
		b = b[size:]
	}
	return n
}

// isEnvelope reports whether a text is the API's envelope for errors.
func isEnvelope(b []byte) bool {
	var envelope struct {
		StatusCode int    `json:"statusCode"`
		Message    string `json:"message"`
	}
	return len(b) < maxProblem && json.Unmarshal(b, &envelope) == nil && envelope.StatusCode != 0
}
