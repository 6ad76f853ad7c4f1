package config

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/spf13/pflag"
)

// Settings are the flags of all commands that reach Coda, as they were given: what they mean is checked by whoever uses
// them. They are complete after [Load]. A copy is independent of the flags, and may be changed (see open.Known); the flags
// write to the Settings on which Register was called.
type Settings struct {
	// Tool is the name and version that requests and reports bear. It is no flag: the program sets it.
	Tool string

	apiURL        string
	TokenFile     string
	CacheDir      string   // "" is the default: see CacheFolder
	CacheSize     string   // as term.ParseSize takes it
	Rates         []string // as coda.ParseRate takes them
	MaxRetries    int      // 0 is none
	ExportTimeout time.Duration
	Concurrency   int
	StrictLatest  bool
	Offline       bool
	Demo          bool
	logLevel      string
	logFormat     string
	LogFile       string // "" is standard error
	config        string
	// StateDir is where writes are kept; "" is the default: see StateFolder.
	StateDir string
	// WriteTokenFile holds the token that writes are sent with; "" has them sent with the other one.
	WriteTokenFile string

	Selection codadocs.Selection // but for Selection.Names
	Names     string             // as fs.NameMode has them
	// MaxFileSize and LimitDownload are of images and attachments, as term.ParseSize takes them; "" is no limit.
	MaxFileSize   string
	LimitDownload string

	flags *pflag.FlagSet // of the command; nil if RegisterService was not called
}

// RegisterCache adds the flags of all commands that use the cache. RegisterService has them too. They reach no service, so a
// command that has these alone needs no token.
func (s *Settings) RegisterCache(f *pflag.FlagSet) {
	PathVar(f, &s.CacheDir, "cache-dir", "", "", "keep what was fetched in `DIR` (default: codafs in the user's cache folder)")
	f.StringVar(&s.CacheSize, "cache-size", "5GiB", "largest `SIZE` of the cache, such as 500M or 20G")
	f.StringVar(&s.logLevel, "log-level", "warn", "least `LEVEL` that is logged: debug, info, warn or error")
	f.StringVar(&s.logFormat, "log-format", "text", "`FORMAT` of the log's lines: text or json")
	PathVar(f, &s.LogFile, "log-file", "", "", "append the log to `FILE` instead of printing it on standard error")
	registerConfig(f, &s.config)
}

// registerConfig adds the flag for a configuration file; only commands that have it read one.
func registerConfig(f *pflag.FlagSet, file *string) {
	PathVar(f, file, "config", "", "", "TOML `FILE` with settings (default: codafs/config.toml in the user's configuration folder)")
}

// Register adds the flags that reach Coda and choose what is in the tree. Idle flags do nothing in this command: they
// are accepted but hidden, so that a script can pass the same flags to all commands.
func (s *Settings) Register(f *pflag.FlagSet, idle ...string) {
	s.RegisterService(f)
	s.RegisterDocs(f)
	s.RegisterTree(f)
	hide(f, idle)
}

func hide(f *pflag.FlagSet, names []string) {
	for _, name := range names {
		f.Lookup(name).Hidden = true
	}
}

// RegisterService adds the flags of all commands that reach Coda.
func (s *Settings) RegisterService(f *pflag.FlagSet, idle ...string) {
	s.flags = f
	s.RegisterCache(f)
	f.StringVar(&s.apiURL, "api-url", coda.DefaultURL, "address of Coda's API: a `URL` with its path")
	PathVar(f, &s.TokenFile, "token-file", "", "", "`FILE` that holds the API token (not used if CODA_API_TOKEN or CODA_API_KEY is set)")
	f.StringArrayVar(&s.Rates, "rate", nil, "change a rate limit: `CLASS=N/TIME`, such as export=30/6s (list, read, write, content, export; may be given more than once)")
	f.IntVar(&s.MaxRetries, "max-retries", 6, "send a failed request again, up to `N` times; below 6, snapshot does not wait out an outage either")
	f.DurationVar(&s.ExportTimeout, "export-timeout", 2*time.Minute, "`TIME` that Coda may take to export one page")
	f.BoolVar(&s.StrictLatest, "strict-latest", false, "accept nothing but the newest state of a doc: wait for Coda to have it, and fail if that takes too long")
	f.BoolVar(&s.Offline, "offline", false, "ask Coda for nothing: show what was fetched before")
	f.BoolVar(&s.Demo, "demo", false, "use a built-in sample workspace: no account, no network, and no token beside it unless this is on the command line")
	if f.Lookup("concurrency") == nil { // a snapshot has registered its own
		s.RegisterConcurrency(f)
		idle = append(idle, "concurrency")
	}
	if f.Lookup("state-dir") == nil { // for what was written to the demo; a command that writes has registered its own
		s.registerState(f)
		idle = append(idle, "state-dir")
	}
	hide(f, idle)
}

// RegisterConcurrency adds the flag of how much is fetched at the same time. RegisterService adds it hidden, unless it is
// there. A command that shows it must therefore call this first.
func (s *Settings) RegisterConcurrency(f *pflag.FlagSet) {
	f.IntVar(&s.Concurrency, "concurrency", 8, "fetch `N` files at the same time, and four times as many pages, since most of their time is waiting for Coda")
}

// RegisterDocs adds the flags that choose docs. Each is also in Recorded, so that a snapshot is only compared with one of the
// same choice.
func (s *Settings) RegisterDocs(f *pflag.FlagSet) {
	f.BoolVar(&s.Selection.IncludeShared, "include-shared", false, "also docs that others own and that you have opened")
	f.StringVar(&s.Selection.WorkspaceID, "workspace-id", "", "only docs of the workspace with this `ID`")
	f.StringArrayVar(&s.Selection.Docs, "doc", nil, "only this `DOC`: its id, link or name (may be given more than once)")
	f.StringArrayVar(&s.Selection.ExcludeDocs, "exclude-doc", nil, "not this `DOC`: its id, link or name (may be given more than once)")
}

// RegisterTree adds the flags that choose what is in the tree of the docs, and how it looks. Each is also in Recorded.
func (s *Settings) RegisterTree(f *pflag.FlagSet) {
	f.StringArrayVar(&s.Selection.ExcludePages, "exclude-page", nil, "not this `PAGE`, nor what is below it: its id, link or name; tables on it stay (may be given more than once)")
	f.BoolVar(&s.Selection.SkipHiddenPages, "skip-hidden-pages", false, "leave out hidden pages and what is below them")
	f.BoolVar(&s.Selection.NoViews, "no-views", false, "leave out views of tables")
	f.BoolVar(&s.Selection.HTMLPages, "html-pages", false, "also each page's HTML export")
	f.BoolVar(&s.Selection.Files, filesFlag, false, "also images, videos and attachments, in each doc's files/, and the pages' HTML, in which they are found (on for snapshot); "+
		"it costs a second export of each page, and the rows once more of each table with such a column")
	f.StringVar(&s.MaxFileSize, "max-file-size", "2GiB", "with --files: leave out larger ones than `SIZE`; each is named as missing")
	f.StringVar(&s.LimitDownload, "limit-download", "", "with --files: fetch them at no more than `SIZE` a second, such as 5MiB")
	f.BoolVar(&s.Selection.RowsJSON, "rows-json", false, "also each table's rows as Coda sent them, one JSON object a line")
	f.BoolVar(&s.Selection.CSVBOM, "csv-bom", false, "begin CSV files with a byte order mark, so that Excel reads their letters right")
	f.StringVar(&s.Names, "names", string(fs.NamesID), "`FORMAT` of file names: id (title and id) or title (ids only where titles clash)")
}

// Recorded returns the settings that a manifest and a mount's status keep: the flags that choose what is in the tree, by
// their names, with their values. Defaults are in it too; whoever compares two of them must count a default as absent
// (format.Chosen), or the next flag would end every nightly run with exit code 10, of another selection. So a new key's
// default must be false, 0 or empty.
func (s *Settings) Recorded() map[string]any {
	sel := s.Selection
	return map[string]any{
		"include-shared": sel.IncludeShared, "workspace-id": sel.WorkspaceID, "doc": sel.Docs, "exclude-doc": sel.ExcludeDocs, "exclude-page": sel.ExcludePages,
		"skip-hidden-pages": sel.SkipHiddenPages, "no-views": sel.NoViews, "html-pages": sel.HTMLPages || sel.Files, filesFlag: sel.Files, "rows-json": sel.RowsJSON,
		"csv-bom": sel.CSVBOM, "names": s.Names,
	}
}

// filesFlag is the flag of Selection.Files.
const filesFlag = "files"

// FilesByDefault makes --files the default of a command. Its flags must be registered.
func FilesByDefault(f *pflag.FlagSet) {
	files := f.Lookup(filesFlag)
	files.DefValue = "true"
	_ = files.Value.Set(files.DefValue) // a switch takes this word
}

// SettleFiles turns the pages' HTML on if there are to be files, which are found in it. That somebody who wants both typed otherwise is a
// usage error. In a file or variable, false is the default, and as if it were not there.
func (s *Settings) SettleFiles() error {
	if !s.Selection.Files {
		return nil
	}
	if s.flags != nil && !s.Selection.HTMLPages && OriginOf(s.flags.Lookup("html-pages")) == fromFlag {
		return exit.Usagef("--html-pages=false does not go with --files: images are found in the HTML of pages; --files=false leaves out both")
	}
	s.Selection.HTMLPages = true
	return nil
}

// Adopt sets the settings that a mount was made with, except those on the command line: the address of the API, and what
// was chosen, by the names of the flags as in Recorded. It is for commands that speak of that mount's files. A name that is
// missing in chosen has its default: the mount may be one of an older release.
func (s *Settings) Adopt(apiURL string, chosen map[string]any) error {
	if s.apiURL = apiURL; s.apiURL == DemoURL {
		s.Demo = true
	}
	for name := range s.Recorded() {
		f := s.flags.Lookup(name)
		if f == nil || OriginOf(f) == fromFlag {
			continue
		}
		if err := replace(f, chosen[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// replace sets a flag to a value from JSON; nil means the default.
func replace(f *pflag.Flag, v any) error {
	list, ok := f.Value.(pflag.SliceValue)
	switch {
	case !ok && v == nil:
		return f.Value.Set(f.DefValue)
	case !ok:
		return f.Value.Set(fmt.Sprint(v))
	}
	var words []string
	if items, ok := v.([]any); ok {
		for _, i := range items {
			words = append(words, fmt.Sprint(i))
		}
	}
	return list.Replace(words)
}

// CacheFolder is the folder of the cache, which may be missing. It is absolute: a mount in the background leaves its
// working folder. The error is a usage error.
func (s *Settings) CacheFolder() (string, error) {
	if s.CacheDir != "" {
		return filepath.Abs(s.CacheDir)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", exit.Usagef("no place for the cache (%w): set HOME or --cache-dir", err)
	}
	return filepath.Join(base, "codafs"), nil
}

// BaseURL is the address of the API in use.
func (s *Settings) BaseURL() string {
	if s.Demo {
		return DemoURL
	}
	return s.apiURL
}
