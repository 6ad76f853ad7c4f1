package config

import (
	"bytes"
	"errors"
	"fmt"
	iofs "io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/fs"
	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/pflag"
)

// A setting is a flag. Its value comes from the first of: the command line, its CODAFS_* variable, the configuration
// file, its default.

// Origin says where a setting's value comes from.
type Origin string

// The origins, the one that takes precedence first.
const (
	fromFlag     Origin = "flag"
	FromVariable Origin = "variable" // CODAFS_* in the environment
	FromFile     Origin = "file"     // config.toml
	FromDefault  Origin = "default"  // nobody set it
)

// originNote is the annotation of a flag with the origin of its value. Flag.Changed cannot say it: pflag sets it for every
// flags.Set, and commands ask it for what stands on the command line.
const originNote = "codafs_origin"

// OriginOf returns where a flag's value comes from. Before [Load] it is FromDefault for all flags.
func OriginOf(f *pflag.Flag) Origin {
	if v := f.Annotations[originNote]; len(v) > 0 {
		return Origin(v[0])
	}
	return FromDefault
}

func setOrigin(f *pflag.Flag, o Origin) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[originNote] = []string{string(o)}
}

// notSettings are the flags that are not settings: they concern a single call. As a variable or in a file, --dry-run would
// stop every nightly backup, and --json change the output under a script that does not expect it.
var notSettings = []string{"help", "version", "config", "json", "long", "dry-run", "subset", "to", "mountpoint", "query",
	"table", "base", "delete", "max-delete", "new-options", "send-reformatted", "mine", "theirs", "again", "exit-code", "stale-ok", "yes", "no-wait", "watch", "key"}

// IsSetting reports whether the flag of this name is a setting: it may also be a variable, or stand in the file. A new flag is
// one unless notSettings has it.
func IsSetting(name string) bool { return !slices.Contains(notSettings, name) }

// Load sets the flags that are not on the command line. Flag.Changed still says only what was on the command line.
// known are the settings of all commands: the file and the variables are for all. The error is a usage error. Load may be
// called again after flags were added: those that have a value keep it.
func Load(flags *pflag.FlagSet, known []string) error {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			setOrigin(f, fromFlag)
		}
	})
	if err := loadVariables(flags); err != nil {
		return err
	}
	if flags.Lookup("config") == nil {
		return nil // a command without settings
	}
	if err := checkVariables(known, os.Environ()); err != nil {
		return err
	}
	file, named := File(flags)
	values, err := readConfig(file, named)
	if err != nil {
		return exit.Usagef("configuration: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if err := setValue(flags, known, key, values[key]); err != nil {
			return exit.Usagef("configuration %s: %s: %w", file, key, err)
		}
	}
	return checkLists(flags, file)
}

// checkLists refuses an empty value in a list. It comes from a variable that a script never set: it means no doc, and
// must not mean all docs.
func checkLists(flags *pflag.FlagSet, file string) error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		list, ok := f.Value.(pflag.SliceValue)
		if !ok || !slices.Contains(list.GetSlice(), "") {
			return
		}
		name := map[Origin]string{fromFlag: "--" + f.Name, FromVariable: Variable(f.Name), FromFile: "configuration " + file + ": " + f.Name}[OriginOf(f)]
		errs = append(errs, exit.Usagef("%s: a value is empty: name something, or leave it out", name))
	})
	return errors.Join(errs...)
}

// set sets a flag to a value that is not from the command line. A list gets one more element with each call: pflag replaces
// the default with the first one.
func set(flags *pflag.FlagSet, f *pflag.Flag, value string, from Origin) error {
	if err := flags.Set(f.Name, value); err != nil {
		return err
	}
	f.Changed = false
	setOrigin(f, from)
	return nil
}

const variablePrefix = "CODAFS_"

// Variable is the name of a setting's environment variable.
func Variable(name string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// loadVariables sets flags from CODAFS_* variables. The command line takes precedence. A list gets one element: names of docs
// may hold commas and any other separator. --config can be a variable though it is not a setting.
func loadVariables(flags *pflag.FlagSet) error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		v, ok := os.LookupEnv(Variable(f.Name))
		if !ok || OriginOf(f) != FromDefault || !IsSetting(f.Name) && f.Name != "config" {
			return
		}
		if err := set(flags, f, v, FromVariable); err != nil {
			errs = append(errs, exit.Usagef("%s: %w", Variable(f.Name), err))
		}
	})
	return errors.Join(errs...)
}

// otherVariables are CODAFS_ variables that are not settings: those that --on-result sets, and those of the project's
// own tests.
var otherVariables = []string{ResultPrefix, "CODAFS_OPENAPI", "CODAFS_RECORDED", "CODAFS_SEED", "CODAFS_SOAK"}

// checkVariables refuses variables that look like the misspelt name of a setting: they would silently have no effect.
// Others may belong to somebody else: a container's CODAFS_BUILD_DATE, a later release's setting.
func checkVariables(known, environ []string) error {
	for _, line := range environ {
		name, _, _ := strings.Cut(line, "=")
		meant := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
		if !strings.HasPrefix(name, variablePrefix) || slices.ContainsFunc(otherVariables, meant) {
			continue
		}
		key := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, variablePrefix), "_", "-"))
		if key == "config" || slices.Contains(known, key) {
			continue
		}
		if near := fs.Nearest(key, known); near != "" {
			return exit.Usagef("%s: there is no such setting; did you mean %s?", name, Variable(near))
		}
	}
	return nil
}

// File returns the path of the configuration file, "" if there is no place for one, and whether the user named it. flags
// must have the flag config.
func File(flags *pflag.FlagSet) (file string, named bool) {
	if file := flags.Lookup("config").Value.String(); file != "" {
		return file, true
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", false
	}
	return filepath.Join(dir, "codafs", "config.toml"), false
}

// maxConfig is far more than any configuration needs. A larger file is somebody's data, and is not read into memory.
const maxConfig = 1 << 20

// readConfig reads the configuration file. It may be missing if the user did not name it. It must be a regular file: reading
// a pipe or a device might never end. A byte order mark is skipped, which editors on Windows write.
func readConfig(file string, named bool) (values map[string]any, err error) {
	st, err := os.Stat(file)
	if errors.Is(err, iofs.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > maxConfig {
		return nil, fmt.Errorf("%s is not a file of settings", file)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	err = toml.Unmarshal(bytes.TrimPrefix(b, []byte(byteOrderMark)), &values)
	if e, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := e.Position()
		return nil, fmt.Errorf("%s:%d: %w", file, line, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return values, nil
}

// setValue sets one key of the file. The file is for all commands, so keys of other commands are accepted; their values are
// checked when those commands run. Sections are refused: a setting is the same
// in all commands.
func setValue(flags *pflag.FlagSet, known []string, key string, v any) error {
	if _, section := v.(map[string]any); section {
		return errors.New("settings stand in no section")
	}
	if !slices.Contains(known, key) {
		return fmt.Errorf("there is no such setting%s", exit.DidYouMean("", key, known))
	}
	f := flags.Lookup(key)
	if f == nil || OriginOf(f) != FromDefault {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, one := range list {
		switch one.(type) {
		case map[string]any, []any:
			return errors.New("want a plain value, or a list of them")
		}
		if err := set(flags, f, fmt.Sprint(one), FromFile); err != nil {
			return err
		}
	}
	return nil
}

// ResultPrefix is the prefix of the variables that the command of --on-result gets.
const ResultPrefix = "CODAFS_RESULT"
