// Package codapick says which of Coda's docs and pages a user's selection means. A [Selection] is what the flags choose; a
// selector in it is an id, a browser link or a name ([Matches]). Nothing is sent here, and no tree is known: package codadocs
// lists docs and pages, asks for what the lists lack, and keeps what is selected.
//
// A selector is a user's word, and may be wrong. What should be left out and matches nothing is noted, with the name that was
// probably meant ([DidYouMean], [Selection.UnusedExclusions]): it may be what was never to leave Coda.
package codapick
