package format

// RowCounter counts the records of CSV text that is written to it, in constant memory.
// It takes what encoding/csv writes: a line feed ends a record unless it is quoted, and a
// quote inside a quoted field is doubled. The zero value is ready for use; it is for one goroutine.
type RowCounter struct {
	ended  int64
	quoted bool
	inside bool // the current record has a byte
}

// Write implements io.Writer. It never fails.
func (c *RowCounter) Write(p []byte) (int, error) {
	for _, b := range p {
		switch {
		case b == '\n' && !c.quoted:
			// An empty line is no record, as for encoding/csv.
			if c.inside {
				c.ended++
			}
			c.inside = false
			continue
		case b == '"':
			// A doubled quote switches twice, which changes nothing.
			c.quoted = !c.quoted
		}
		c.inside = true
	}
	return len(p), nil
}

// Rows is the number of records so far without the header.
func (c *RowCounter) Rows() int64 {
	n := c.ended
	if c.inside {
		n++
	}
	return max(n-1, 0)
}
