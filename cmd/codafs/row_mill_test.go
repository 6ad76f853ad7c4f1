package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
)

// rowMill answers for the rows of one table, as many as are wanted, without holding them.
type rowMill struct {
	table *codatest.Table
	rows  int
}

func (m rowMill) before(next http.Handler) http.Handler {
	m.table.CountOff = m.rows - len(m.table.Rows)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/tables/"+m.table.ID+"/rows") {
			next.ServeHTTP(w, r)
			return
		}
		from, _ := strconv.Atoi(r.URL.Query().Get("pageToken")) // none is 0
		out := bufio.NewWriter(w)
		defer out.Flush()
		w.Header().Set("Content-Type", "application/json")
		out.WriteString(`{"items":[`)
		to := min(from+coda.RowsPerRequest, m.rows)
		for i := from; i < to; i++ {
			if i > from {
				out.WriteByte(',')
			}
			m.row(out, i)
		}
		out.WriteByte(']')
		if to < m.rows {
			fmt.Fprintf(out, `,"nextPageToken":"%d"`, to)
		}
		out.WriteByte('}')
	})
}

func (m rowMill) row(out io.Writer, i int) {
	fmt.Fprintf(out, `{"id":"i-%010d","type":"row","href":"https://coda.io/apis/v1/docs/d/tables/t/rows/i-%010d","name":"Row %d","index":%d,`+
		`"createdAt":"2024-01-01T00:00:00.000Z","updatedAt":"2026-01-02T00:00:00.000Z","browserLink":"https://coda.io/d/_d#_t/_r%d","values":{`, i, i, i, i, i)
	for j, c := range m.table.Columns {
		if j > 0 {
			io.WriteString(out, ",")
		}
		fmt.Fprintf(out, `%q:"cell %d of row %d, with some text"`, c.ID, j, i)
	}
	io.WriteString(out, "}}")
}
