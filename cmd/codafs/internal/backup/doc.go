// Package backup makes the run of 'codafs snapshot': it opens the workspace or a mount, hands it to package snapshot, and
// says what came of it.
//
// A caller fills [Options], from flags, and calls [OfWorkspace] or [OfMount]. Both report in full, on the streams that they
// are given, and return the error to end the program with: its exit code is also in the summary. [Options.TellResult] then
// runs the user's own command with that result. One Options is for one run.
//
// [ReadOutput] says which backups are in a folder and which one is the last good one; the commands list, status and doctor
// ask that.
//
// Data goes to Out: one path, or JSON; everything for people goes to Err. What is printed with --json, and what --on-result is
// given, is the summary that lies in the folder; of a run that failed, the exit code and the error are set here. Package
// snapshot knows neither flags nor streams; what it decides is not decided again.
package backup
