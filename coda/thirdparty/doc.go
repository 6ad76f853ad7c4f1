// Package thirdparty holds tests alone: programs that others wrote for Coda's API meet the
// two halves of this project that stand for it.
//
// A stand-in and a client by the same hands share their misunderstandings, and then agree with
// each other. So a client that was written against the real service, the npm package coda-js,
// reads from codatest over a socket (codajs_test.go), and a mock server that knows nothing but
// Coda's OpenAPI file, the npm package @stoplight/prism-cli, answers package coda
// (prism_test.go).
//
// testdata has the two packages' exact versions. 'make thirdparty' installs them, below
// testdata, where the go command does not look. Where they, Node.js or the OpenAPI file
// are missing, the tests that need them are skipped.
package thirdparty
