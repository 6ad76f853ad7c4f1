package config

import (
	"strings"
	"testing"
)

// A container's own variables stop nothing; a misspelt setting does.
func TestVariablesThatAreNoSettings(t *testing.T) {
	known := strings.Fields(`accept-gap accept-shrink allow-other allow-other-selection api-url archive background cache-dir
		cache-size concurrency csv-bom demo doc exclude-doc exclude-page export-timeout full-every html-
		pages include-shared incremental keep-daily keep-last keep-monthly keep-weekly keep-yearly log-file
		log-format log-level max-retries names no-views offline on-result output prefetch quiet rate refresh
		row-deltas rows-json sizes skip-hidden-pages strict-latest token-file trust-doc-timestamps
		workspace-id xattrs`)
	for line, refused := range map[string]bool{
		"CODAFS_REFRESH=1m": false, "CODAFS_CONFIG=x": false, "CODAFS_VERSION=1.2": false, "CODAFS_BUILD_DATE=today": false,
		"CODAFS_RESULT_EXIT_CODE=0": false, "CODAFS_OPENAPI=x": false, "CODA_REFERSH=1m": false, "_CODAFS_REFERSH=1m": false,
		"CODAFS_REFERSH=1m": true, "CODAFS_DOCS=x": true, "CODAFS_TOKEN=secret": true, "CODAFS_CACHE=x": true,
	} {
		if err := checkVariables(known, []string{line}); (err != nil) != refused {
			t.Errorf("%s: %v", line, err)
		}
	}
}
