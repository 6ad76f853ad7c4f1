// Package codatest is a stand-in for the Coda service: a small real service with state,
// not a list of canned answers.
//
// A [Workspace] holds docs with their pages, tables, rows, formulas, controls and
// permissions. [New] serves one over HTTP as Coda's API does (paths under /apis/v1,
// paging, value formats, asynchronous exports, rate limits), and [Server.RoundTripper]
// serves it in memory, without a socket. Edits such as [Workspace.SetCell] change the
// state and move the stamps that the real service would move, so whoever reads again
// finds what changed. [Server.Fail] makes chosen requests go wrong, and
// [Server.Requests] tells what was asked.
//
// [Sample] is the workspace behind --demo, [Hostile] holds names, shapes and values that
// are legal and awkward, [Generate] makes large ones.
//
// What is known of the real service is written at the place that imitates it. Where the
// service's OpenAPI file and its observed answers differ, the answers win; package
// openapitest, which checks every answer against that file, lists these places.
//
// The way of a request: [Server.ServeHTTP] (server.go) logs it, waits Options.Latency, asks
// whether a fault is due (fault.go), and has it answered by a handler that route.go
// chose, or by the download host (download.go) or the blob host (blobhost.go).
package codatest
