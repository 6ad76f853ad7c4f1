// Package doctor makes the checks of 'codafs doctor': the token and the way to Coda, the clock, FUSE, the cache, the folder of
// backups and who makes them, and the mounts of this user.
//
// [Options.Examine] makes them one after the other and returns an [Examination]: a line for each, with a state (ok, warning
// or problem), what was found, and what to do. A check that fails is such a line; only a wrong setting is an error. Nothing
// is changed anywhere, but for a file that is made in a folder and removed again, to see whether that may be written.
//
// A check is a function that returns its findings, and [Options.Examine] calls it. It must end soon, by a limit of its own
// where it asks somebody, and say in finding.Do what a user can do who has never heard of the part that failed. The tests
// are scripts of the real program (testdata/script/doctor.txtar, schedules.txtar).
package doctor
