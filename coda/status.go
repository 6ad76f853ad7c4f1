package coda

// verdict is what to do about an answer's status.
type verdict int

const (
	final   verdict = iota // asking again would bring the same
	passing                // the same request may do later
	expired                // of a download: its link is dead, a new one may do
)

// statusRule is what is done about a status, and why.
type statusRule struct {
	code     Code
	api      verdict // of a request to the API
	poll     verdict // of one for an export's status
	download verdict // of one to the storage, which nothing but its link can be wrong with
	why      string
}

// statusRules is the one place that tells which statuses are worth another try. Everything that this
// package asks for only reads, or starts an export, so that asking twice does no harm.
var statusRules = map[int]statusRule{
	400: {CodeBadRequest, final, final, expired, "the request is wrong ([Options.StrictLatest] and page tokens have rules of their own)"},
	401: {CodeUnauthorized, final, final, expired, "the token is refused"},
	403: {CodeForbidden, final, final, expired, "the token may not; the storage says so of an expired link"},
	404: {CodeNotFound, final, passing, expired, "not there, but an export's id reaches some servers late"},
	405: {CodeBadRequest, final, final, expired, "no such call"},
	407: {CodeUnreachable, final, final, final, "a proxy wants a password, which it will want again"},
	408: {CodeServerError, passing, passing, passing, "the server was tired of waiting for the request"},
	409: {CodeServerError, passing, passing, passing, "something else is under way with the object"},
	410: {CodeGone, final, final, expired, "deleted"},
	413: {CodeBadRequest, final, final, expired, "the request is too large"},
	414: {CodeBadRequest, final, final, expired, "its address is too long"},
	421: {CodeServerError, passing, passing, passing, "it came over a connection for another host"},
	423: {CodeServerError, passing, passing, passing, "the object is locked for a while"},
	425: {CodeServerError, passing, passing, passing, "it came too early in the connection"},
	429: {CodeRateLimited, passing, passing, passing, "too many requests"},
	451: {CodeForbidden, final, final, expired, "withheld for legal reasons"},
	501: {CodeServerError, final, final, final, "the server cannot do that"},
	505: {CodeServerError, final, final, final, "the server does not speak this HTTP"},
	511: {CodeBadAnswer, final, final, final, "the network wants somebody to sign in first"},
	// 500, 502, 503, 504, a CDN's 520 to 527 and other 5xx: something broke on the way, for a while.
}

// ruleOf is the rule for a status that is no success.
func ruleOf(status int) statusRule {
	if r, ok := statusRules[status]; ok {
		return r
	}
	switch {
	case status >= 500:
		return statusRule{CodeServerError, passing, passing, passing, "the service, or something before it, is out of order"}
	case status >= 400:
		return statusRule{CodeBadRequest, final, final, expired, "the request is refused"}
	default: // a 2xx that is not the one promised; a redirect that leads nowhere
		return statusRule{CodeBadAnswer, passing, passing, passing, "not what the service sends"}
	}
}
