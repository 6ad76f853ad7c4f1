// Package treetest tests trees, whatever they are read through: one suite ([Run]) that holds
// for package fs' own view, for a mount of it and for a snapshot of it, and a stand-in
// service with a tree over it ([New]) for all tests that need one.
//
//	w := treetest.New(t, codatest.Hostile(), treetest.Options{})
//	treetest.Run(t, w.FS(t), func(t *testing.T) iofs.FS { return os.DirFS(mountpoint) })
//
// The suite is what the three ways have in common: names, bytes, sizes, times, errors. What only one of them
// promises (kernel caches, sealing) is tested with that one. It compares each way with the tree
// itself, so the bytes must be right there first: the tests of fs/source/codadocs hold them against the
// answers of the service.
package treetest
