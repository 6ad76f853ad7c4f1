// Package progress shows a user, or a program, how far a command is and what it waits for.
//
// [Run] is for a snapshot: on a terminal it redraws a line ten times a second, in a log it prints a line a minute, and for
// a program an object a second, of schema codafs.progress/1. It is told what happens as a snapshot.Progress, and asks the
// client how many requests it has sent, and which limit it waits for. [Waits] is for a command that lists or prints: it
// shows nothing but a wait of more than two seconds.
//
// Both draw in a goroutine of their own from their making to End, and hand out the streams that all messages must go to
// until then. What they print is for information: no command fails because of it, or waits.
//
// A Run is told by many goroutines, and shown by one. Nothing is drawn under its lock: a terminal that was stopped with Ctrl-S
// must not stop the copying. What is shown is therefore a copy, as old as the interval at most.
package progress
