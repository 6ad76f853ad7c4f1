// Package term is how codafs talks to people: the streams of a command, the line of a terminal that is redrawn, tables,
// colors, and the words for sizes, times, counts and names.
//
// A command gets its [Streams] and prints data on Out and messages on Err. Every text that came from Coda or from a disk
// passes [Printable] on its way to a terminal: anybody may have written it. A [Screen] shares its terminal with what is
// printed meanwhile: its line goes when other text comes, and comes back when it is redrawn. [Cut], [Width] and [Table]
// count columns, not bytes: a Japanese title takes two columns a letter.
//
// The package knows nothing of Coda, of flags or of files, and imports nothing of this module.
package term
