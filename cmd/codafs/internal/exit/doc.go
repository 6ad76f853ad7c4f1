// Package exit is how codafs ends: which exit code an error means, and the one line that is printed of it.
//
// [Code] is the only place where errors become exit codes, and [Describe] the only one where they become text for people:
// it adds what to do, unless that is obvious. Errors are typed where they happen (rest.Error, snapshot.RefusedError, …). The
// types of this package are for what has no better home: a wrong call ([Usagef]), a missing token ([TokenError]), a
// signal ([SignalError]), a code that is settled already ([Error]), and advice that only the source of an error knows
// ([WithHint]).
//
//	err := run()
//	fmt.Fprintln(os.Stderr, "codafs: "+exit.Describe(err))
//	os.Exit(exit.Code(err))
package exit
