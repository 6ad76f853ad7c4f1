package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newConfig makes 'codafs config': all settings of all commands with their values and where each comes from. It is what to
// run when a flag, a variable and a file disagree. It sends nothing and opens no cache. On the command line it takes the flags
// that mount, snapshot, ls, cat and resolve share; those of a single command it shows as the variable or the file sets
// them. The token is never printed, only the place that has it.
func newConfig(std term.Streams) *cobra.Command {
	s := newSettings()
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show which settings are in force, and where each comes from",
		Long: `Show all settings of all commands as they are in force here, and where each comes from: a flag, a
CODAFS_* variable, the configuration file, or the default. The API token is never shown, only where it is
found. See 'codafs help settings'.`,
		Example: `  codafs config
  codafs config --config ./nightly.toml
  CODAFS_REFRESH=5m codafs config --json`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			out, err := inForce(&s, cmd)
			if err != nil {
				return err
			}
			if asJSON {
				return term.PrintJSON(std.Out, out)
			}
			return out.print(std.Out)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	s.Register(cmd.Flags())
	completeDocs(cmd, &s)
	return cmd
}

// configuration is the output of 'codafs config'. Its JSON form is promised; a value has the type that it would have in the
// file (see valueOf), so that scripts need not parse words.
type configuration struct {
	// File is the configuration file, "" if there is no place for one; Exists says whether it is there. A file that is
	// named and missing is a usage error, so then there is no output.
	File     string          `json:"file"`
	Exists   bool            `json:"file_exists"`
	Token    string          `json:"token"` // where it comes from, or what is wrong with it; never the token
	Settings []configSetting `json:"settings"`
}

// configSetting is one setting. Value is a string, a bool, a number or a list of strings.
type configSetting struct {
	Name   string        `json:"name"`
	Value  any           `json:"value"`
	From   config.Origin `json:"from"`
	Source string        `json:"source,omitempty"` // the variable or file
	// Snapshot is the default of 'codafs snapshot', where that is another one and nobody set it.
	Snapshot string `json:"snapshot,omitempty"`
}

// inForce returns the settings of all commands with their values, sorted by name. It adds to cmd the flags that cmd does not
// have, before anything is loaded: so they get their values in the way that every command's flags do, and wrong values are
// the same usage errors.
func inForce(s *config.Settings, cmd *cobra.Command) (configuration, error) {
	flags := cmd.Flags()
	for _, f := range allFlags() {
		if flags.Lookup(f.Name) == nil {
			f.Shorthand = "" // two commands may have one for different flags
			flags.AddFlag(f)
		}
	}
	if err := load(cmd); err != nil {
		return configuration{}, err
	}
	// Where the token comes from is looked up as a command would, so a file that cannot be read is said here, too.
	c := configuration{Token: s.TokenOrigin()}
	c.File, _ = config.File(flags)
	if _, err := os.Stat(c.File); !errors.Is(err, iofs.ErrNotExist) {
		c.Exists = true
	}
	sources := map[config.Origin]func(name string) string{config.FromVariable: config.Variable, config.FromFile: func(string) string { return c.File }}
	snapshot := newSnapshot(term.Streams{}).Flags()
	for _, name := range settingNames() {
		f := flags.Lookup(name)
		one := configSetting{Name: name, Value: valueOf(f), From: config.OriginOf(f)}
		if source := sources[one.From]; source != nil {
			one.Source = source(name)
		}
		if own := snapshot.Lookup(name); own != nil && own.DefValue != f.DefValue && one.From == config.FromDefault {
			one.Snapshot = own.DefValue
		}
		c.Settings = append(c.Settings, one)
	}
	return c, nil
}

// valueOf is a flag's value in the form of a configuration file: a list, a number, true or false, or a word. An empty list is
// [], not null. Times and sizes are words ("5m", "5GiB"): TOML and JSON have no type for them.
func valueOf(f *pflag.Flag) any {
	word := f.Value.String()
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return append([]string{}, list.GetSlice()...)
	}
	switch f.Value.Type() {
	case "bool":
		return word == "true"
	case "int":
		return json.Number(word)
	}
	return word
}

// print writes the settings for people, in three columns. An empty value is shown as a dash, so that a column is never blank.
//
//	refresh     5m0s   CODAFS_REFRESH
//	row-deltas  false  default
func (c configuration) print(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	missing := ""
	if !c.Exists {
		missing = " (there is none)"
	}
	fmt.Fprintf(out, "configuration file\t%s%s\n", c.File, missing)
	fmt.Fprintf(out, "API token\t%s\n\n", c.Token)
	for _, s := range c.Settings {
		value := fmt.Sprint(s.Value)
		if list, ok := s.Value.([]string); ok {
			value = strings.Join(list, ", ")
		}
		if s.Snapshot != "" {
			value += " (snapshot: " + s.Snapshot + ")"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\n", s.Name, cmp.Or(value, "-"), cmp.Or(s.Source, string(s.From)))
	}
	return out.Flush()
}
