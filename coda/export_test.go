package coda

// TryLock is for tests that play another process.
var TryLock = tryLock

// NewTransport is the transport of a client that is given none.
var NewTransport = newTransport
