// Package open makes of settings what a command works on: the client for Coda's API, the cache, and the tree over both.
//
// [Tree] opens all of it and sends nothing; errors of the settings are usage errors. [Known] opens the workspace as it was
// last known, for completions and for answers that need no request. [ClientOptions] and [ExistingCache] are for commands
// that need a part.
//
//	w, err := open.Tree(&settings, std, open.Options{Outage: rest.LeaveOutage})
//	if err != nil {
//		return err
//	}
//	defer w.Close()
//	node, err := fs.Walk(ctx, w.Tree.Root(), "docs")
//
// In the cache, each account has contents of its own (see [Workspace].Remember). A run that shall use nothing fetched
// earlier has its contents in a folder beside the cache, which goes with it; what killed runs left is removed by the next
// one, by the locks that they no longer hold.
//
// What opening and estimating need to know of the source stands here too: its limits, and what a file costs ([Cost]).
//
// Nothing else in cmd/codafs makes a tree, and whoever makes a client begins with [ClientOptions]: so that nobody forgets what
// each must have, such as the account in the cache's keys and the file of the rate limits. A second source is opened here too.
package open
