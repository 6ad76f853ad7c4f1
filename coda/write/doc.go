// Package write changes what is in Coda: rows, pages, and the text of pages (Coda API 1.5.0).
//
// Coda answers a write with 202 before it is carried out, which takes 10 to 60 s, on large docs minutes; writes of one
// client are carried out side by side, in any order. So a write returns a request id, and [coda.Client.Mutation] tells when it is done; there
// is no word for a write that failed. Reads may show the former state a while longer.
//
// Coda has no idempotency key. Nothing here is sent twice unless Coda surely did not take it; an error whose
// [rest.Error.Unsure] is set, and the end of the context, leave open whether it did. Only a read can tell then.
//
// All writes are of the rate class [coda.ClassContent], 5 in 10 s, but for the deletion of a page.
package write
