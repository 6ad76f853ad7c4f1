// Package remote makes a tree (package fs) of what a service has, and knows no service. A [Source] says what there is; the
// [Tree] does what every service needs: it names folders, fetches lists and contents when they are needed, keeps both in an
// [fs.Store], refreshes them, tells what changed, goes on with what is known while the service is away, reads ahead, and
// lists all of it for a snapshot.
//
// The service's content comes in units (docs, bases, projects): a [Unit] has one stamp, which moves with each edit in it.
// One request lists the units with their stamps, so a unit that nobody edited costs nothing. What is known of a unit as of
// one stamp is in its [Lists]; a [List] is one of them, such as the pages of a doc, and is fetched when it is first needed. A
// [File] has a [Renderer], which says its version, a hash of the stamps that go into the bytes ([fs.VersionHash]), and writes them.
//
// To read the code, follow one use. [Tree.Refresh] (units.go) lists the units; a folder (folder.go) asks the source for its
// entries, and that the lists (lists.go, and package load); a file (file.go) asks its renderer, or the store. Bytes that
// change without a stamp are in seen.go and renew.go, answers that are not to be believed in doubt.go and failures.go ([Try]).
//
// Nodes hold no content and no lists: a node asks its unit for the current [Lists] each time it is used.
//
// Locks are taken in this order: ReadAhead.mu, Tree.mu, Unit.mu or those of a source's lists, Lists.mu, load.Value.mu. None of
// them is held during a request. Unit.seenMu alone is held during calls of the store.
package remote
