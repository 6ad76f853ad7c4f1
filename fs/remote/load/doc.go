// Package load has values that are loaded when they are first asked for, by one load for all who ask ([Value]), and goes on with
// what was known before while a new value is slow to come or cannot be had ([OrStale]).
// A [Right] is a thing of this kind, too: nobody tells it, and the first try shows it.
package load
