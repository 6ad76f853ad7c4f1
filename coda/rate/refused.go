package rate

import "time"

// refused tells the bucket of a 429 for a request sent at a time, after which nothing goes for d; more says that the
// service asked for a longer wait.
func (b *bucket) refused(sent time.Time, d time.Duration, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.own.refused(sent, time.Now(), d, more)
	b.told = later(b.told, b.own.paused) // by whoever was refused
	b.admit()                            // tells other processes
}

// accepted tells the bucket of an answer other than a 429 to a request sent at a time.
func (b *bucket) accepted(sent time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.own.accept(sent) {
		b.admit() // tells other processes
	}
}

// toldPause is how long a pause must be to be logged.
const toldPause = 30 * time.Second

// tell logs a long pause that another process met, so that whoever waits here knows why. The log is written without the
// lock: it may be a pipe that nobody reads.
func (b *bucket) tell() {
	b.mu.Lock()
	until, tell := b.own.paused, b.own.paused.After(later(b.told, time.Now().Add(toldPause)))
	if tell {
		b.told = until
	}
	b.mu.Unlock()
	if tell {
		b.log.Warn(b.service+" asked for a pause; all processes of this account wait", "class", b.class, "until", until.Format(time.TimeOnly))
	}
}
