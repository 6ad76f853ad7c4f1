package codadocs_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
)

// The file has always had the names in order, and no name whose value is not known.
func TestStatusHasItsNamesInOrder(t *testing.T) {
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	account, age, counts := "a@example.com", int64(0), map[string]any{"hits": 1}
	failure := fs.Failure{Kind: fs.KindPage, Code: "not_found"}
	selection, downloads := map[string]any{"names": "id", "doc": nil}, fs.Downloads{Running: 1, Waiting: 2, Done: 3, Bytes: 4}
	all := fs.Status{Account: &account, APIURL: "https://coda.io/apis/v1", Cache: counts, Docs: 1, DocsFromEarlierRun: true, DocsListedAge: &age,
		DocsListedAt: at, Downloads: &downloads, Errors: 2, Goroutines: 3, LastError: &failure, Mount: counts, Mountpoint: "/mnt", PID: 4, Schema: fs.SchemaStatus,
		Selection: selection, ServiceDown: "down", StartedAt: at, TokenProblem: "refused", Tool: "codafs", Warnings: 5}
	for i := range reflect.TypeFor[fs.Status]().NumField() {
		if reflect.ValueOf(all).Field(i).IsZero() {
			t.Errorf("%s is not in this test", reflect.TypeFor[fs.Status]().Field(i).Name)
		}
	}
	none := map[string]any{"schema": "", "docs": 0, "docs_from_earlier_run": false, "errors": 0, "warnings": 0}
	for _, test := range []struct {
		status fs.Status
		want   map[string]any
	}{
		{fs.Status{}, none},
		{all, map[string]any{
			"schema": "codafs.status/1", "docs": 1, "docs_from_earlier_run": true, "docs_listed_at": at, "docs_listed_age_seconds": 0,
			"downloads": downloads, "service_down": "down", "errors": 2, "warnings": 5, "last_error": failure, "tool": "codafs", "pid": 4, "goroutines": 3,
			"mountpoint": "/mnt", "started_at": at, "api_url": "https://coda.io/apis/v1", "account": account, "selection": selection,
			"token_problem": "refused", "mount": counts, "cache": counts}},
	} {
		got, err := json.MarshalIndent(test.status, "", "  ")
		want, wantErr := json.MarshalIndent(test.want, "", "  ") // a map's names are put in order
		if err != nil || wantErr != nil || string(got) != string(want) {
			t.Errorf("got %s, %v %v, want %s", got, err, wantErr, want)
		}
	}
}
