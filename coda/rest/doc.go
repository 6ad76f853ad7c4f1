// Package rest sends requests to a JSON service over HTTP, for the package of that service's endpoints.
//
// Such a package describes the service once ([Service]: its address, rates, form of errors), makes a [Client] with [New],
// and makes each call of [Client.Do] with a [Request] and a function that reads the answer. Paging, types and
// the names of endpoints are its own affair.
//
// Do waits for a place in the request's rate bucket (package rate), sends, and sends again what may succeed later
// (status.go, retry.go). What fails for good is an [*Error], whose [Code] is the same word for all services; a package may
// add words of its own. During an outage requests fail soon or wait, as the caller wishes ([Outage]).
//
// One place alone puts the token into a request (send.go). It goes to the service's hosts, over https, never along a
// redirect to another host, nor into a log or an error (scrub.go). [Client.Download] fetches files from other hosts
// without it, and [Client.Open] those that are too large for memory.
//
// Nothing here waits without a context, and no lock is held while something is sent. All bodies but that of a [Stream] are read to their end,
// decompressed, and bounded in size and depth.
package rest
