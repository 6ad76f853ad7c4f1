package rest

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
)

// maxMessage limits what is kept of a service's explanation, in bytes.
const maxMessage = 500

// links finds addresses, and queries without one. Each may be a download link, whose query
// is all that is needed to read a page.
var links = regexp.MustCompile(`(?i)https?://[^\s"'<>]+|\?[^\s"'<>]*=[^\s"'<>]*`)

// Scrub makes a text of the service or of the network fit for logs, terminals and manifests:
// without the token, links and control characters, and not long.
func (c *Client) Scrub(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if c.opts.Token != "" {
		s = strings.ReplaceAll(s, c.opts.Token, "(token)")
	}
	s = links.ReplaceAllString(s, "(link)")
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}

// scrubError returns err with its text scrubbed. If there is something to scrub, nothing but
// the text is kept: whoever unwraps it must not find the rest either.
func (c *Client) scrubError(err error) error {
	if text := c.Scrub(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}
