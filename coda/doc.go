// Package coda is a client for the read side of Coda's API v1.
//
// Start with [New], which returns a [Client]. Lists are iterators that follow the service's
// page tokens to the end ([Client.Docs], [Client.Pages], [Client.Rows] …); every item keeps
// the JSON it was sent as in its Raw field, so fields that this package does not know are
// not lost. [Client.ExportPage] hides that Coda writes a page's text in the background.
//
// All requests go through package rest: it waits for a place in the request's rate bucket, turns each bad answer
// into a [*rest.Error], and sends again what may succeed later. Waiting for
// a doc's newest state (stale.go), beginning a list again and asking for smaller pages (restart.go) stand above that.
//
// Coda counts the requests of an account, not of a process, so processes with the same
// [Options.StateFile] share their buckets. They also take turns with each page that
// they export (pagelock.go). [rest.Client.Limits] and [ReadLimits] show it all.
//
// What is known of the service comes from its OpenAPI file, version 1.5.0, whose operation
// names the comments have ('Coda API 1.5.0, listRows'), and from what users observed.
package coda
