package coda

import "github.com/codafs/codafs/coda/rest"

// Codes of Coda's own, beside those of package rest.
const (
	CodePageTokenLoop rest.Code = "page_token_loop" // a list that would never end
	CodeListMoved     rest.Code = "list_moved"      // a list that changed while it was read; read it again
	CodeStaleDoc      rest.Code = "stale_doc"       // the API's copy of the doc lags behind ([Options.StrictLatest])
	// CodeExportRefused is a 403 at the start of an export: the token is read-only, or may not export that page.
	CodeExportRefused rest.Code = "export_refused"
	CodeExportFailed  rest.Code = "export_failed"  // Coda could not export the page, or lost what it had exported
	CodeExportTimeout rest.Code = "export_timeout" // the export took longer than [Options.ExportTimeout]
)
