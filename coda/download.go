package coda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/codafs/codafs/coda/rest"
)

// maxExport bounds an exported page, in bytes; docs over 125 MB have no API at all.
const maxExport = 128 << 20

var (
	// errLinkExpired marks a download whose link is no longer good.
	errLinkExpired = errors.New("the download link has expired")
	// errWrongFile marks a download that cannot be the page; another export may bring it.
	errWrongFile = errors.New("that cannot be the page")
)

// download fetches an exported file, whose link is another host's. The error is one
// of errLinkExpired, or of errWrongFile for what cannot be the page.
func (c *Client) download(ctx context.Context, poll request, link string, f Format) (file, error) {
	a, err := c.Download(ctx, link, poll.String()+" (download)", maxExport, func(a rest.Answer) *rest.Error { return file{a}.never(f) })
	if errors.Is(err, rest.ErrBadLink) {
		return file{}, poll.Fail(rest.CodeBadAnswer, "the export's download link is not an https address")
	}
	if e, ok := errors.AsType[*rest.Error](err); ok && e.Final && e.Err == nil {
		readRefusal(e)
	}
	return file{a}, err
}

// readRefusal sets the error of a download that the storage refused. A request has nothing but the link, so a refusal means
// that the link has expired.
func readRefusal(e *rest.Error) {
	switch {
	case e.Status == http.StatusProxyAuthRequired, e.Status == http.StatusNetworkAuthenticationRequired: // somebody else's word
	case e.Status != 0 && e.Code == rest.CodeBadAnswer:
		e.Err = errWrongFile
	case 400 <= e.Status && e.Status < 500:
		e.Code, e.Err = CodeExportFailed, errLinkExpired
	}
}

// A page's text has no mark of its own, and whatever stands between this client and the storage may answer
// in its place. So a download is judged by what it looks like. Some can never be the page ([file.never]).
// Some are unlikely to be it ([file.doubt]), but a page may look like anything: if a second export
// brings the same bytes, they are taken.

var webPages = []string{"text/html", "application/xhtml+xml"}

// plainTypes are the types of a file that is what it should be, as far as its type says.
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

// file is a download of an exported page.
type file struct{ rest.Answer }

// never reports why a download cannot be the page, nil if it can.
func (a file) never(f Format) *rest.Error {
	e := &rest.Error{Code: rest.CodeBadAnswer, Status: a.Status, Err: errWrongFile, Final: true}
	switch {
	case f == Markdown && slices.Contains(webPages, a.MediaType):
		e.Message = "the download is a web page, not the page's Markdown"
	case (a.MediaType == "application/xml" || a.MediaType == "text/xml") && storageError.Match(start(a.Body)):
		e.Code, e.Err = CodeExportFailed, errLinkExpired // a dead link was once seen to be answered with status 200
	case 100*strange(a.Body) > maxStrange*utf8.RuneCount(a.Body):
		e.Message = "the download is no text; it may be compressed"
	default:
		return nil
	}
	return e
}

// doubt reports what makes a download look unlike the page, "" if nothing does.
func (a file) doubt(f Format) string {
	head := start(a.Body)
	switch {
	case len(a.Body) == 0 && !a.Compressed:
		return "it is empty"
	case !slices.Contains(plainTypes, a.MediaType) && !(f == HTML && slices.Contains(webPages, a.MediaType)):
		return fmt.Sprintf("it came as %.50q", a.MediaType)
	case f == Markdown && markup.Match(head), storageError.Match(head):
		return "it begins like a web page or XML"
	case f == HTML && len(head) > 0 && !anyTag.Match(head):
		return "it has no HTML in it"
	case isEnvelope(head):
		return "it looks like an error of the API"
	case bytes.IndexByte(a.Body, 0) >= 0:
		return "it has zero bytes in it"
	case !utf8.Valid(a.Body):
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

// maxEnvelope is more than an error of the API ever has, in bytes.
const maxEnvelope = 64 << 10

// isEnvelope reports whether a text is the API's envelope for errors.
func isEnvelope(b []byte) bool {
	var envelope struct {
		StatusCode int    `json:"statusCode"`
		Message    string `json:"message"`
	}
	return len(b) < maxEnvelope && json.Unmarshal(b, &envelope) == nil && envelope.StatusCode != 0
}
