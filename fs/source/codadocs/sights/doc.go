// Package sights keeps which blobs the pages and tables of a doc show: images, videos, attachments. What was seen of a page or table is
// kept under the version of its file, so that no page is exported, and no row read, a second time to learn it.
//
// A record has the addresses of blobs, which are secrets: it is for the Store alone, whose files nobody else may read, and is never shown.
// What users see is made of [List.Files], whose addresses do not print.
package sights
