package backup

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
)

// schemaPlan is the first field of a dry run's JSON. The number is another one only if a field goes or changes its meaning.
const schemaPlan = "codafs.plan/1"

// dryRun is what a dry run prints; its JSON form is promised (codafs.plan/1), fields may be added.
type dryRun struct {
	Schema string `json:"schema"`
	// Listed is how many requests the listing took; a real run sends them as well. Listed and the plan's requests are
	// nil for a mount, which fetches only what it does not hold yet.
	Listed   *int     `json:"requests_listing,omitempty"`
	Requests *int     `json:"requests,omitempty"`
	Minutes  *float64 `json:"minutes,omitempty"`
	snapshot.Plan
}

// newDryRun makes a dry run's output from a plan, right after the listing. sent is nil if another process sends the requests:
// what a mount holds already is not known here, so nothing is said of requests.
func newDryRun(p snapshot.Plan, sent func() (int, time.Duration)) dryRun {
	d := dryRun{Schema: schemaPlan, Plan: p}
	if sent != nil {
		listed, _ := sent()
		d.Listed, d.Requests, d.Minutes = &listed, &p.Requests, &p.Minutes
	}
	return d
}

// print writes it as lines for people, or as one JSON object.
func (d dryRun) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(d)
	}
	fetch := 0
	for _, n := range d.Fetch {
		fetch += n
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "docs\t%d\n", d.Docs)
	fmt.Fprintf(t, "pages\t%d\n", d.Pages)
	fmt.Fprintf(t, "tables\t%d\n", d.Tables)
	fmt.Fprintf(t, "views\t%d\n", d.Views)
	fmt.Fprintf(t, "files\t%d\n", d.Files)
	fmt.Fprintf(t, "taken over\t%d\tfrom the last snapshot, or a run that was stopped\n", d.Files-fetch)
	fmt.Fprintf(t, "to fetch\t%d\t%s\n", fetch, counts(d.Fetch))
	fmt.Fprintf(t, "missing\t%d\n", d.Missing)
	fmt.Fprintf(t, "size\t%s\t%s\n", term.FormatSize(d.Bytes), unknown(d.BytesUnknown))
	if n := d.Kinds[fs.KindFiles]; n > 0 {
		fmt.Fprintf(t, "downloads\t?\timages and attached files of %s: which there are, their pages and rows tell\n", term.Count(n, "doc"))
	}
	if d.Requests != nil {
		fmt.Fprintf(t, "listing\t%d\trequests, sent just now; a run sends them again\n", *d.Listed)
		fmt.Fprintf(t, "requests\t%d\t%s\n", *d.Requests, counts(d.ByClass))
		fmt.Fprintf(t, "time\t%s\tat least, by the rate limits, after the listing\n", term.FormatAge(time.Duration(*d.Minutes*float64(time.Minute))))
	}
	return t.Flush()
}

// counts writes how many there are of each kind, the most frequent first, then by name: two runs print the same.
func counts[K ~string](of map[K]int) string {
	kinds := slices.SortedFunc(maps.Keys(of), func(a, b K) int {
		if of[a] != of[b] {
			return of[b] - of[a]
		}
		return strings.Compare(string(a), string(b))
	})
	parts := make([]string, len(kinds))
	for i, k := range kinds {
		parts[i] = fmt.Sprintf("%s %d", k, of[k])
	}
	return strings.Join(parts, ", ")
}

// unknown says how many of the files to fetch have no known size.
func unknown(files int) string {
	if files == 0 {
		return ""
	}
	return fmt.Sprintf("and %d files that the last good snapshot does not have", files)
}
