// Package edit says what a person's file asks a service to change. It knows no files, no service and no tree: a table as
// somebody wishes it ([render.Sheet]), the same table as the service has it now, and what the person saw when the work on the
// file began, go in; [Edit] values come out, and with each that cannot be done, why.
//
// A file is a wish, never the table. [Diff] compares by the row's key alone, and cell by cell in three ways:
//
//	the file has what its author saw       nothing was wished
//	the service has what its author saw    the cell is sent
//	the service has what the file has      it is done
//	all three differ                       a conflict: the row waits for a person
//
// A line that is missing is no deletion, a cell that only looks different is no edit (a spreadsheet that makes 7 of 00007: see
// [Kind]), and what is not known to be safe is held, with the reason, for a person to decide.
//
// Three words for what is not sent: a file is rejected ([Problem]) if something in it cannot be what its author meant; a row is
// held ([Held]) if somebody must decide; a cell is retyped if only its spelling differs.
package edit
