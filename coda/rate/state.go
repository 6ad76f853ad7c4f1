package rate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"time"
)

// state is what a state file holds. Its times are those of the wall clock, which all
// processes share, in nanoseconds since 1970.
type state struct {
	// Full is when every window is taken to have been filled, if the file was found damaged
	// or of another clock.
	Full    int64                 `json:"full_at,omitzero"`
	Buckets map[Class]bucketState `json:"buckets"`
	// Processes are those that have something to send, by a random id: process ids are used again.
	Processes map[string]processState `json:"processes"`
}

// bucketState is one bucket. Processes may have different rates for it: N and Per are the
// largest since it was last empty.
type bucketState struct {
	N       int           `json:"n"`
	Per     time.Duration `json:"per"`
	Sent    []int64       `json:"sent"` // in order
	Paused  int64         `json:"paused_until,omitzero"`
	Margin  int           `json:"margin,omitzero"` // index in margins
	Widened int64         `json:"widened_at,omitzero"`
	// Those of window: a 429 that asked for too much, and what became of the probe.
	Doubt    int64 `json:"doubt_at,omitzero"`
	Probe    int64 `json:"probe_at,omitzero"`
	Accepted int64 `json:"accepted_at,omitzero"`
}

// processState is what one client has to send.
type processState struct {
	PID     int                      `json:"pid"`
	Seen    int64                    `json:"seen_at"`
	Waiting map[Class][Urgencies]int `json:"waiting,omitempty"`
	Left    map[Class]int            `json:"left,omitempty"` // by Limiter.Plan
}

// A file is one JSON object: the state after a checksum of its bytes, which a file that was written
// by half does not have. The checksum comes first and has a fixed length, so that the state need
// not be parsed twice.
const (
	sealFormat = `{"schema":"codafs.rates/1","crc32":"%08x","state":`
	sealLength = len(sealFormat) - len("%08x") + 8
	sealEnd    = "}\n"
)

var errDamaged = errors.New("not a state file, or a damaged one")

func (s *state) encode() ([]byte, error) {
	b, err := json.Marshal(s)
	return fmt.Appendf(nil, sealFormat+"%s"+sealEnd, crc32.ChecksumIEEE(b), b), err
}

// decodeState undoes encode. What is not just that is errDamaged.
func decodeState(file []byte) (*state, error) {
	b, ok := bytes.CutSuffix(file, []byte(sealEnd))
	if !ok || len(b) < sealLength {
		return nil, errDamaged
	}
	seal, b := b[:sealLength], b[sealLength:]
	var s state
	if string(seal) != fmt.Sprintf(sealFormat, crc32.ChecksumIEEE(b)) || json.Unmarshal(b, &s) != nil {
		return nil, errDamaged
	}
	return &s, nil
}

// fullState is what a file is taken for that cannot be read: whatever it held, no more than
// full windows can have been sent until now.
func fullState(now time.Time) *state { return &state{Full: now.UnixNano()} }

// clockSlack is how far ahead a time may lie because a clock was set back. Such a send counts
// a little longer, which does no harm.
const clockSlack = time.Second

const (
	// silentAfter is how long others let a process go first after it was last seen: it may have
	// been killed while it waited.
	silentAfter = 3 * heartbeat
	// deadAfter is how long a process with something to send stays listed.
	deadAfter = 15 * time.Second
)

// settle drops dead processes, and times that lie ahead: if the clock was set back, nobody
// knows how long ago a send was, so all windows are taken to be full.
func (s *state) settle(now time.Time) {
	limit := now.Add(clockSlack).UnixNano()
	ahead := s.Full > limit
	for class, b := range s.Buckets {
		if b.settle(limit, now) {
			ahead = true
			s.Buckets[class] = b
		}
	}
	if ahead {
		s.Full = now.UnixNano()
	}
	for id, p := range s.Processes {
		if p.Seen > limit || p.Seen < now.Add(-deadAfter).UnixNano() {
			delete(s.Processes, id)
		}
	}
}

// settle reports whether the bucket has times ahead of limit, which it drops. A pause may
// lie ahead by as much as a 429 may ask for.
func (b *bucketState) settle(limit int64, now time.Time) (ahead bool) {
	for len(b.Sent) > 0 && b.Sent[len(b.Sent)-1] > limit {
		b.Sent, ahead = b.Sent[:len(b.Sent)-1], true
	}
	if b.Paused > limit+int64(MaxPause) {
		b.Paused, ahead = 0, true
	}
	if b.Widened > limit {
		b.Widened, ahead = now.UnixNano(), true
	}
	if max(b.Doubt, b.Probe, b.Accepted) > limit {
		b.Doubt, b.Probe, b.Accepted, ahead = 0, 0, 0, true
	}
	return ahead
}

// note writes down what a process has to send in a class. One that has nothing is not listed.
func (s *state) note(id string, class Class, now time.Time, waiting [Urgencies]int, left int) {
	p := s.Processes[id]
	p.PID, p.Seen = os.Getpid(), now.UnixNano()
	p.Waiting = put(p.Waiting, class, waiting)
	p.Left = put(p.Left, class, left)
	delete(s.Processes, id)
	if len(p.Waiting)+len(p.Left) == 0 {
		return
	}
	if s.Processes == nil {
		s.Processes = map[string]processState{}
	}
	s.Processes[id] = p
}

// put sets a class's value in a map that has no zero values.
func put[V comparable](m map[Class]V, class Class, v V) map[Class]V {
	if v == *new(V) {
		delete(m, class)
		return m
	}
	if m == nil {
		m = map[Class]V{}
	}
	m[class] = v
	return m
}

// urgentElsewhere reports whether another process has an interactive request waiting.
func (s *state) urgentElsewhere(class Class, id string, now time.Time) bool {
	for other, p := range s.Processes {
		if other != id && p.Waiting[class][Interactive] > 0 && p.Seen > now.Add(-silentAfter).UnixNano() {
			return true
		}
	}
	return false
}

// window is a bucket's window and the rate that goes with it; r if nobody has used it.
func (s *state) window(class Class, r Rate) (*window, Rate) {
	b := s.Buckets[class]
	w := &window{
		full: wall(s.Full), paused: wall(b.Paused), widened: wall(b.Widened),
		margin: min(max(b.Margin, 0), len(margins)-1),
		doubt:  wall(b.Doubt), probe: wall(b.Probe), accepted: wall(b.Accepted),
	}
	for _, t := range b.Sent {
		w.sent = append(w.sent, wall(t))
	}
	if len(b.Sent) > 0 {
		r = Rate{max(r.N, b.N), max(r.Per, b.Per)}
	}
	return w, r
}

// keep writes a bucket's window down.
func (s *state) keep(class Class, r Rate, w *window) {
	b := bucketState{
		N: r.N, Per: r.Per, Sent: make([]int64, len(w.sent)),
		Paused: nanos(w.paused), Margin: w.margin, Widened: nanos(w.widened),
		Doubt: nanos(w.doubt), Probe: nanos(w.probe), Accepted: nanos(w.accepted),
	}
	for i, t := range w.sent {
		b.Sent[i] = nanos(t)
	}
	if s.Buckets == nil {
		s.Buckets = map[Class]bucketState{}
	}
	s.Buckets[class] = b
}

// wall is a time of a state; 0 is the zero time.
func wall(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
