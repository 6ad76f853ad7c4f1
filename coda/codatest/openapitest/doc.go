// Package openapitest checks HTTP traffic against the official OpenAPI file of the Coda API.
//
// The file is not part of this repository: the environment variable CODAFS_OPENAPI names
// it. [Wrap] puts the check around a stand-in server; each request (path, query, body)
// and each answer that no fault has changed is then held against the file, and a
// difference fails the test. Where the variable is not set, nothing is checked.
//
// The file contradicts itself in places (repair.go) and real answers differ from it in
// others (exceptions.go); both lists are explicit, and what is observed wins.
package openapitest
