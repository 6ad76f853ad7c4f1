package open

import (
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
)

// classDownload counts downloads, for which there is no rate limit: the files lie on another host than the API.
const classDownload = "download"

// Cost returns the requests that a file takes, to estimate when a snapshot will be done. For a table with more rows
// than deltasOver (if that is not 0) the changed rows alone may be enough. The estimate is a lower bound: what fails is sent
// again, exports are polled more than once, and other processes use the same limits. PerMinute has the margins in it that
// were learnt from 429s, as of now.
func Cost(client *coda.Client, deltasOver int64) snapshot.Cost {
	perMinute := map[string]float64{}
	for _, b := range client.Limits() {
		perMinute[string(b.Class)] = float64(b.Rate.N) / (b.Rate.Per + b.Margin).Minutes()
	}
	return snapshot.Cost{PerMinute: perMinute, Requests: func(e fs.Entry, rows int64) map[string]int {
		// As one request of changed rows: how many there are, nobody knows before it is sent.
		if deltasOver > 0 && rows > deltasOver && e.Computed == fs.ComputedNot {
			rows = 1
		}
		return requestsOf(e, rows)
	}}
}

// requestsOf counts the requests that a file takes at least. What comes with the lists takes none.
func requestsOf(e fs.Entry, rows int64) map[string]int {
	read := string(coda.ClassRead)
	switch e.Kind {
	case fs.KindPage, fs.KindPageHTML:
		if e.Source == fs.SourceContent {
			return map[string]int{read: 1}
		}
		return map[string]int{string(coda.ClassExport): 1, read: 1, classDownload: 1}
	case fs.KindFormulas, fs.KindControls: // one for each value; the list comes with the other lists
		return map[string]int{read: int(rows)}
	case fs.KindRows, fs.KindRowsJSON:
		return map[string]int{read: max(1, int((rows+coda.RowsPerRequest-1)/coda.RowsPerRequest))}
	}
	return nil
}
