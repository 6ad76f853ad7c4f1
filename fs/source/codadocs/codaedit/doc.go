// Package codaedit says what can be written to Coda's tables, in the words of package edit: which columns there are and what
// their cells hold ([Table]), what is in a row ([Rows]), and which conditions a listing of rows may have ([Query]).
//
// A cell's text is the one that the CSV file of the tree has. What Coda would take for something else is rejected before
// it is sent: Coda answers 202 to all of it, and stores what it does not understand as plain text.
package codaedit
