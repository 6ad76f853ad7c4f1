// Package daemon is what makes a mount a program that stays: it goes into the background, learns whose token it has, and is
// asked how it is.
//
// In the background, a mount is a second process of the same program ([StartBackground] starts it, and there [TellReady]
// says that it stands). An [Identity] asks for the token's user beside other work, so that a service that does not answer
// does not delay a mount; a token that is refused at once ends it.
//
// [Mounts] and [Named] report on the mounts of this user. A mount whose server hangs would hang whoever reads from it, beyond
// the reach of signals: so each mount is asked by a process of its own ([AskCommand]), which is left behind if need be.
//
// Where there is no FUSE (Windows), the functions are there and fail, so that the commands need no build tags.
package daemon
