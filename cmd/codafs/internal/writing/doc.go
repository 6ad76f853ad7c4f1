// Package writing is what plan, apply and the other commands that write to Coda have in common: from an edited file to a
// plan ([Desk.Plan]), from a plan to the outbox and to Coda ([Run.Send]), and the texts of both.
//
// What is compared with what, and how it is sent, other packages say: edit, outbox, codaedit and codasend. Here are
// files, flags, messages and exit codes.
package writing
