// Package rate keeps the requests of a client within rates, such as 100 in 6 seconds, and shares them among all
// processes of one account on a machine.
//
// A [Limiter] has a bucket for each class of requests. A bucket remembers when the last N requests were sent and lets the
// next one go when no window of the rate's length would hold more than N. A token bucket (golang.org/x/time/rate) would not
// do: with a burst b and a rate r it lets b + r·W through in a window W, so that to be within N it can use 95 % of a limit
// of 100, and only 75 % of one of 4; nor can processes share it.
//
// Windows are a little longer than the rates say, since services were seen to refuse requests slightly below their published
// limits; each refusal (429) makes them longer for a day, and brings a pause for the whole class.
//
// Processes share buckets through a state file: it holds the times of the last sends, and what refusals have taught. Each
// send is decided and written down under the file's lock, which is held for one reading and writing. A restart in the
// middle of a window forgets nothing; a file that is damaged counts as full windows, never as empty ones. If it cannot be
// used, the process goes on alone and says so once in the log. Requests that nobody waits for ([Background]) go after all
// others, of other processes too.
package rate
