package main

import (
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// settings are the flags of all commands that reach Coda.
type settings struct {
	apiURL        string
	tokenFile     string
	cacheDir      string
	cacheSize     string
	rates         []string
	maxRetries    int
	exportTimeout time.Duration
	concurrency   int
	strictLatest  bool
	offline       bool
	logLevel      string
	logFormat     string
	logFile       string
	config        string
	demo          bool

	selection fs.Selection
	names     string

	flags *pflag.FlagSet // of the command
}

// registerCache adds the flags of all commands that use the cache.
func (s *settings) registerCache(f *pflag.FlagSet) {
	pathVar(f, &s.cacheDir, "cache-dir", "", "", "keep what was fetched in `DIR` (default: codafs in the user's cache folder)")
	f.StringVar(&s.cacheSize, "cache-size", "5GiB", "largest `SIZE` of the cache, such as 500M or 20G")
	f.StringVar(&s.logLevel, "log-level", "warn", "least `LEVEL` that is logged: debug, info, warn or error")
	f.StringVar(&s.logFormat, "log-format", "text", "`FORMAT` of the log's lines: text or json")
	pathVar(f, &s.logFile, "log-file", "", "", "append the log to `FILE` instead of printing it on standard error")
	registerConfig(f, &s.config)
}

// registerConfig adds the flag for a configuration file; only commands that have it read one.
func registerConfig(f *pflag.FlagSet, file *string) {
	pathVar(f, file, "config", "", "", "TOML `FILE` with settings (default: codafs/config.toml in the user's configuration folder)")
}

// register adds the flags that reach Coda and choose what is in the tree. Idle flags do nothing in this command: they
// are accepted but hidden, so that a script can pass the same flags to all commands.
func (s *settings) register(cmd *cobra.Command, idle ...string) {
	s.registerService(cmd, idle...)
	s.registerDocs(cmd)
	s.registerTree(cmd)
}

// registerService adds the flags of all commands that reach Coda.
func (s *settings) registerService(cmd *cobra.Command, idle ...string) {
	f := cmd.Flags()
	s.flags = f
	s.registerCache(f)
	f.StringVar(&s.apiURL, "api-url", coda.DefaultURL, "address of Coda's API: a `URL` with its path")
	pathVar(f, &s.tokenFile, "token-file", "", "", "`FILE` that holds the API token (not used if CODA_API_TOKEN or CODA_API_KEY is set)")
	f.StringArrayVar(&s.rates, "rate", nil, "change a rate limit: `CLASS=N/TIME`, such as export=30/6s (list, read, write, content, export; may be given more than once)")
	f.IntVar(&s.maxRetries, "max-retries", 6, "send a failed request again, up to `N` times; below 6, snapshot does not wait out an outage either")
	f.DurationVar(&s.exportTimeout, "export-timeout", 2*time.Minute, "`TIME` that Coda may take to export one page")
	f.BoolVar(&s.strictLatest, "strict-latest", false, "accept nothing but the newest state of a doc: wait for Coda to have it, and fail if that takes too long")
	f.BoolVar(&s.offline, "offline", false, "ask Coda for nothing: show what was fetched before")
	f.BoolVar(&s.demo, "demo", false, "use a built-in sample workspace: no account, no network, and no token beside it unless this is on the command line")
	if f.Lookup("concurrency") == nil { // a snapshot has registered its own
		s.registerConcurrency(f)
		idle = append(idle, "concurrency")
	}
	for _, name := range idle {
		f.Lookup(name).Hidden = true
	}
}

func (s *settings) registerConcurrency(f *pflag.FlagSet) {
	f.IntVar(&s.concurrency, "concurrency", 8, "fetch `N` files at the same time, and four times as many pages, since most of their time is waiting for Coda")
}

// registerDocs adds the flags that choose docs.
func (s *settings) registerDocs(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&s.selection.IncludeShared, "include-shared", false, "also docs that others own and that you have opened")
	f.StringVar(&s.selection.WorkspaceID, "workspace-id", "", "only docs of the workspace with this `ID`")
	f.StringArrayVar(&s.selection.Docs, "doc", nil, "only this `DOC`: its id, link or name (may be given more than once)")
	f.StringArrayVar(&s.selection.ExcludeDocs, "exclude-doc", nil, "not this `DOC`: its id, link or name (may be given more than once)")
	for _, name := range []string{"doc", "exclude-doc"} {
		_ = cmd.RegisterFlagCompletionFunc(name, s.completeDocs) // fails for a flag that does not exist
	}
}

// registerTree adds the flags that choose what is in the tree of the docs, and how it looks.
func (s *settings) registerTree(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&s.selection.ExcludePages, "exclude-page", nil, "not this `PAGE`, nor what is below it: its id, link or name; tables on it stay (may be given more than once)")
	_ = cmd.RegisterFlagCompletionFunc("exclude-page", cobra.NoFileCompletions)
	f.BoolVar(&s.selection.SkipHiddenPages, "skip-hidden-pages", false, "leave out hidden pages and what is below them")
	f.BoolVar(&s.selection.NoViews, "no-views", false, "leave out views of tables")
	f.BoolVar(&s.selection.HTMLPages, "html-pages", false, "also each page's HTML export")
	f.BoolVar(&s.selection.RowsJSON, "rows-json", false, "also each table's rows as Coda sent them, one JSON object a line")
	f.BoolVar(&s.selection.CSVBOM, "csv-bom", false, "begin CSV files with a byte order mark, so that Excel reads their letters right")
	f.StringVar(&s.names, "names", string(fs.NamesID), "`FORMAT` of file names: id (title and id) or title (ids only where titles clash)")
}

// recorded returns the settings that a manifest and a mount's status keep: the flags that choose what is in the tree,
// with their values.
func (s *settings) recorded() map[string]any {
	sel := s.selection
	return map[string]any{
		"include-shared": sel.IncludeShared, "workspace-id": sel.WorkspaceID, "doc": sel.Docs, "exclude-doc": sel.ExcludeDocs, "exclude-page": sel.ExcludePages,
		"skip-hidden-pages": sel.SkipHiddenPages, "no-views": sel.NoViews, "html-pages": sel.HTMLPages, "rows-json": sel.RowsJSON,
		"csv-bom": sel.CSVBOM, "names": s.names,
	}
}
