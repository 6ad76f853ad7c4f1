package coda

// TryLock is for tests that play another process.
var TryLock = tryLock
