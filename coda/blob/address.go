package blob

import (
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Address is where the bytes of a blob are now. It is a secret: printed, logged or encoded it says nothing. The zero value is
// no address.
type Address struct {
	secret *string // a pointer, which package fmt does not follow
}

// NewAddress makes an address of its text; "" makes none.
func NewAddress(text string) Address {
	if text == "" {
		return Address{}
	}
	return Address{&text}
}

// Reveal is the address as it was sent, for those who keep it or ask it.
func (a Address) Reveal() string {
	if a.secret == nil {
		return ""
	}
	return *a.secret
}

// IsZero reports whether there is no address.
func (a Address) IsZero() bool { return a.secret == nil }

// String hides the address.
func (a Address) String() string {
	if a.secret == nil {
		return "(none)"
	}
	return "(address)"
}

// GoString hides the address from %#v.
func (a Address) GoString() string { return a.String() }

// LogValue hides the address from package slog.
func (a Address) LogValue() slog.Value { return slog.StringValue(a.String()) }

// Hosts says which addresses are Coda's own for blobs. Nobody else's are asked.
type Hosts struct {
	loopback bool // the API is on this machine, and so may blobs be
}

// HostsOf gives the blob hosts beside an API's base address.
func HostsOf(api string) Hosts {
	u, err := url.Parse(api)
	return Hosts{loopback: err == nil && isLoopback(u.Hostname())}
}

const blobHost = "codahosted.io"

// sharedHosts have blobs below one folder, and much else.
var sharedHosts = []string{"coda.io", "docs.superhuman.com"}

// May reports whether an address is Coda's own: https, and http on this machine.
func (h Hosts) May(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	switch {
	case u.User != nil || host == "":
		return false
	case h.loopback && isLoopback(host):
		return u.Scheme == "https" || u.Scheme == "http"
	case u.Scheme != "https" || u.Port() != "" && u.Port() != "443":
		return false
	case slices.Contains(sharedHosts, host):
		return strings.HasPrefix(u.Path, "/blobs/") && !strings.Contains(u.Path, "..")
	}
	return host == blobHost || strings.HasSuffix(host, "."+blobHost)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// ValidID reports whether an id may be part of a file's name.
func ValidID(id string) bool { return idPattern.MatchString(id) }

// The paths of addresses: the form that was seen of codahosted.io, and any other one that names a blob.
var (
	docBlobPath = regexp.MustCompile(`^/docs/[^/]+/blobs/([^/]+)(?:/|$)`)
	anyBlobPath = regexp.MustCompile(`/blobs/(bl-[^/]+)(?:/|$)`)
)

// idIn is the id that an address has in its path, "" if it has none. It may be one that is not valid.
func idIn(u *url.URL) string {
	for _, form := range []*regexp.Regexp{docBlobPath, anyBlobPath} {
		if m := form.FindStringSubmatch(u.EscapedPath()); m != nil {
			id, err := url.PathUnescape(m[1])
			if err == nil {
				return id
			}
		}
	}
	return ""
}
