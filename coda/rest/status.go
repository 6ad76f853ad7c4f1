package rest

// What to do about an answer's status.
const (
	final   = false // asking again would bring the same
	passing = true  // the same request may do later
)

// statusRule is what is done about a status, and why.
type statusRule struct {
	code    Code
	passing bool
	why     string
}

// statusRules is the one place that says which statuses are worth another try. A request that is sent again must do no
// harm: it reads, or starts something that may be started twice.
var statusRules = map[int]statusRule{
	400: {CodeBadRequest, final, "the request is wrong"},
	401: {CodeUnauthorized, final, "the token is refused"},
	403: {CodeForbidden, final, "the token may not"},
	404: {CodeNotFound, final, "not there"},
	405: {CodeBadRequest, final, "no such call"},
	407: {CodeUnreachable, final, "a proxy wants a password, which it will want again"},
	408: {CodeServerError, passing, "the server was tired of waiting for the request"},
	409: {CodeServerError, passing, "something else is under way with the object"},
	410: {CodeGone, final, "deleted"},
	413: {CodeBadRequest, final, "the request is too large"},
	414: {CodeBadRequest, final, "its address is too long"},
	421: {CodeServerError, passing, "it came over a connection for another host"},
	423: {CodeServerError, passing, "the object is locked for a while"},
	425: {CodeServerError, passing, "it came too early in the connection"},
	429: {CodeRateLimited, passing, "too many requests"},
	451: {CodeForbidden, final, "withheld for legal reasons"},
	501: {CodeServerError, final, "the server cannot do that"},
	505: {CodeServerError, final, "the server does not speak this HTTP"},
	511: {CodeBadAnswer, final, "the network wants somebody to sign in first"},
	// 500, 502, 503, 504, a CDN's 520 to 527 and other 5xx: something failed on the way, and may work again soon.
}

// ruleOf is the rule for a status that is no success.
func ruleOf(status int) statusRule {
	if r, ok := statusRules[status]; ok {
		return r
	}
	switch {
	case status >= 500:
		return statusRule{CodeServerError, passing, "the service, or something before it, is out of order"}
	case status >= 400:
		return statusRule{CodeBadRequest, final, "the request is refused"}
	default: // a 2xx that is not the one promised; a redirect that leads nowhere
		return statusRule{CodeBadAnswer, passing, "not what the service sends"}
	}
}
