package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	codafs "github.com/codafs/codafs/fs"
	"github.com/pelletier/go-toml/v2"
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
	config        string
	demo          bool

	selection codafs.Selection
	names     string
}

// registerCache adds the flags of all commands that use the cache.
func (s *settings) registerCache(f *pflag.FlagSet) {
	f.StringVar(&s.cacheDir, "cache-dir", "", "folder for what was fetched (default: codafs in the user's cache folder)")
	f.StringVar(&s.cacheSize, "cache-size", "5GiB", "limit of the cache, such as 500MiB or 20GiB")
	f.StringVar(&s.logLevel, "log-level", "warn", "what is logged: debug, info, warn or error")
	f.StringVar(&s.config, "config", "", "TOML file with settings (default: codafs/config.toml in the user's configuration folder)")
}

// register adds the flags that reach Coda and choose what is in the tree.
func (s *settings) register(f *pflag.FlagSet) {
	s.registerCache(f)
	f.StringVar(&s.apiURL, "api-url", coda.DefaultURL, "address of Coda's API, with its path")
	f.StringVar(&s.tokenFile, "token-file", "", "file that holds the API token (CODA_API_TOKEN and CODA_API_KEY go first)")
	f.StringArrayVar(&s.rates, "rate", nil, "change a rate limit, such as export=30/6s (classes: list, read, write, content, export)")
	f.IntVar(&s.maxRetries, "max-retries", 6, "how often a failed request is sent again")
	f.DurationVar(&s.exportTimeout, "export-timeout", 2*time.Minute, "how long Coda may take to export one page")
	f.IntVar(&s.concurrency, "concurrency", 8, "how many files are fetched at a time")
	f.BoolVar(&s.strictLatest, "strict-latest", false, "ask Coda for the newest state of a doc, or an error")
	f.BoolVar(&s.offline, "offline", false, "ask Coda for nothing: show what was fetched before")
	f.BoolVar(&s.demo, "demo", false, "use a built-in sample workspace: no account, no network")

	f.BoolVar(&s.selection.IncludeShared, "include-shared", false, "also docs that others own and that you have opened")
	f.StringVar(&s.selection.WorkspaceID, "workspace-id", "", "only docs of this workspace")
	f.StringArrayVar(&s.selection.Docs, "doc", nil, "only this doc: its id, link or name (may be given more than once)")
	f.StringArrayVar(&s.selection.ExcludeDocs, "exclude-doc", nil, "not this doc: its id, link or name (may be given more than once)")
	f.BoolVar(&s.selection.SkipHiddenPages, "skip-hidden-pages", false, "leave out hidden pages and what is below them")
	f.BoolVar(&s.selection.NoViews, "no-views", false, "leave out views of tables")
	f.BoolVar(&s.selection.HTMLPages, "html-pages", false, "also each page's HTML export")
	f.BoolVar(&s.selection.RowsJSON, "rows-json", false, "also each table's rows as Coda sent them, one JSON object a line")
	f.StringVar(&s.names, "names", string(codafs.NamesID), "file names: id (title and id) or title (ids only where titles clash)")
}

// recorded is what a manifest and a mount's status keep of the settings: the flags that choose
// what is in the tree, with their values.
func (s *settings) recorded() map[string]any {
	sel := s.selection
	return map[string]any{
		"include-shared": sel.IncludeShared, "workspace-id": sel.WorkspaceID, "doc": sel.Docs, "exclude-doc": sel.ExcludeDocs,
		"skip-hidden-pages": sel.SkipHiddenPages, "no-views": sel.NoViews, "html-pages": sel.HTMLPages, "rows-json": sel.RowsJSON,
		"names": s.names,
	}
}

// load fills in what no flag gave: from CODAFS_* variables, then from the configuration file.
// The keys are the flags' names. Flag.Changed goes on to tell what was on the command line.
func load(cmd *cobra.Command) error {
	flags := cmd.Flags()
	given := map[string]bool{}
	flags.VisitAll(func(f *pflag.Flag) { given[f.Name] = f.Changed })
	defer flags.VisitAll(func(f *pflag.Flag) { f.Changed = given[f.Name] })
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "CODAFS_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if v, ok := os.LookupEnv(name); ok && !f.Changed && f.Name != "help" {
			if err := flags.Set(f.Name, v); err != nil {
				errs = append(errs, usageError{fmt.Errorf("%s: %w", name, err)})
			}
		}
	})
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	file, err := flags.GetString("config")
	if err != nil {
		return nil // a command without settings
	}
	return loadFile(flags, file)
}

// maxConfig is far more than a configuration has.
const maxConfig = 1 << 20

// loadFile reads the configuration file, if there is one. A key may be any flag of any command;
// one that is no flag at all is an error.
func loadFile(flags *pflag.FlagSet, file string) error {
	named := file != ""
	if !named {
		dir, err := os.UserConfigDir()
		if err != nil {
			return nil // no home: nothing to read
		}
		file = filepath.Join(dir, "codafs", "config.toml")
	}
	st, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err == nil && (!st.Mode().IsRegular() || st.Size() > maxConfig) {
		err = fmt.Errorf("%s is not a file of settings", file)
	}
	if err != nil {
		return usageError{fmt.Errorf("configuration: %w", err)}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return usageError{fmt.Errorf("configuration: %w", err)}
	}
	var values map[string]any
	if err := toml.Unmarshal(b, &values); err != nil {
		return usageError{fmt.Errorf("configuration %s: %w", file, err)}
	}
	for key, v := range values {
		if err := setValue(flags, key, v); err != nil {
			return usageError{fmt.Errorf("configuration %s: %s: %w", file, key, err)}
		}
	}
	return nil
}

func setValue(flags *pflag.FlagSet, key string, v any) error {
	f := flags.Lookup(key)
	if f == nil {
		if allFlags()[key] {
			return nil // another command's
		}
		return errors.New("there is no such setting")
	}
	if f.Changed {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, one := range list {
		if err := flags.Set(key, fmt.Sprint(one)); err != nil {
			return err
		}
	}
	return nil
}

// baseURL is the API's address that is in use.
func (s *settings) baseURL() string {
	if s.demo {
		return demoURL
	}
	return s.apiURL
}

// demoURL stands for the built-in service. Nothing is ever sent there.
const demoURL = "https://localhost" + codatest.Base

// logger writes to the error stream. The token is in no value that is ever logged.
func (s *settings) logger(std streams) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.logLevel)); err != nil {
		return nil, usageError{fmt.Errorf("--log-level %q: want debug, info, warn or error", s.logLevel)}
	}
	return slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: level})), nil
}

// parseSize reads a number of bytes with a unit: 500MiB, 5GiB, 1000.
func parseSize(s string) (int64, error) {
	units := []struct {
		name  string
		shift int
	}{{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}}
	shift := 0
	num := s
	for _, u := range units {
		if rest, ok := strings.CutSuffix(s, u.name); ok {
			num, shift = strings.TrimSpace(rest), u.shift
		}
	}
	n, err := strconv.ParseInt(num, 10, 64)
	if err != nil || n <= 0 || n > 1<<62>>shift {
		return 0, fmt.Errorf("%q is no size: want a whole number with KiB, MiB, GiB or TiB", s)
	}
	return n << shift, nil
}

// formatSize is a number of bytes for people: 512 B, 1.5 MiB.
func formatSize(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	units := "KMGTPE"
	size := float64(n) / 1024
	for size >= 1024 && len(units) > 1 {
		size, units = size/1024, units[1:]
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", size), ".0") + " " + units[:1] + "iB"
}
