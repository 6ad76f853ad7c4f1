// Package readahead fetches files before they are asked for. It sees which files are opened, finds programs that read one after
// the other (grep -r, tar, rsync), and fetches the next ones, several at a time: each may take a service seconds.
//
// A [File] belongs to a [Series]: the files of one kind in one unit, which programs walk in some [Order]. Two opens that follow
// each other in one of the known orders begin a reader; each further step fetches farther ahead, up to a limit over all readers.
// A program that only lists or stats opens nothing, so nothing is fetched for it.
package readahead
