// Package load has values that are loaded when they are first asked for, by one load for all who ask ([Value]), and goes on
// with what was known before while a new value is slow to come or cannot be had ([OrStale]).
// A [Right] is a thing of this kind, too: nobody tells it, and the first try shows it. A [Budget] says which values must be let
// go of when there is no room for all.
//
// The types know neither a service nor a store: what a load does, and which errors may pass, their owner says ([Owner]). They
// call functions of the owner with no lock held, and whoever waits for a load waits no longer than its own context lasts.
package load
