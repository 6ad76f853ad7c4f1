// Package outbox keeps what is to be written to a service, and sends it: each write once, and none forgotten, whatever ends
// the program at whatever moment. It knows no service; a [Service] is one.
//
// A [Plan] is what a file asks for. Applied, it becomes a [Job], which has a journal: a file whose first line is the plan and
// whose further lines are steps, each on the disk before what follows it happens. (A line that is appended and synced is as
// safe as a new file that is renamed, and a job of 1,000 rows does not write its plan 1,000 times.)
//
//	sending     on disk before the request is sent
//	accepted    the service has taken it, and says so
//	completed   it has carried it out
//	seen        a read shows it
//
// What was being sent when the program ended, or was never answered, is in doubt: nobody knows whether the service has it.
// It is looked for, and never sent again. What must wait for a person is held, what the service refuses is rejected; both stay
// in the outbox with their reason until somebody drops them.
//
// One process sends at a time ([Box.Lock]); any number may read and plan.
package outbox
