package main

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

	"github.com/codafs/codafs/fs"
	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A setting is a flag. Its value is the one on the command line, else that of its CODAFS_* variable,
// else that in the configuration file, else its default.

// origin says where a setting's value comes from.
type origin string

const (
	fromFlag     origin = "flag"
	fromVariable origin = "variable"
	fromFile     origin = "file"
	fromDefault  origin = "default"
)

// originNote is where a flag keeps the origin of its value.
const originNote = "codafs_origin"

func originOf(f *pflag.Flag) origin {
	if v := f.Annotations[originNote]; len(v) > 0 {
		return origin(v[0])
	}
	return fromDefault
}

func setOrigin(f *pflag.Flag, o origin) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[originNote] = []string{string(o)}
}

// ofOneCall are the flags that are no settings: they are about a single call.
var ofOneCall = []string{"help", "version", "config", "json", "long", "dry-run", "subset", "to", "mountpoint"}

func isSetting(name string) bool { return !slices.Contains(ofOneCall, name) }

// load fills in what no flag gave. Flag.Changed goes on to tell what was on the command line.
func load(cmd *cobra.Command) error {
	flags := cmd.Flags()
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
	known := settingNames()
	if err := checkVariables(known, os.Environ()); err != nil {
		return err
	}
	file, named := configFile(flags)
	values, err := readConfig(file, named)
	if err != nil {
		return usageError{fmt.Errorf("configuration: %w", err)}
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if err := setValue(flags, known, key, values[key]); err != nil {
			return usageError{fmt.Errorf("configuration %s: %s: %w", file, key, err)}
		}
	}
	return checkLists(flags, file)
}

// checkLists refuses an empty value in a list, as of a script's variable that was never set. No doc is meant by it,
// and all docs are surely not.
func checkLists(flags *pflag.FlagSet, file string) error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		list, ok := f.Value.(pflag.SliceValue)
		if !ok || !slices.Contains(list.GetSlice(), "") {
			return
		}
		name := map[origin]string{fromFlag: "--" + f.Name, fromVariable: variable(f.Name), fromFile: "configuration " + file + ": " + f.Name}[originOf(f)]
		errs = append(errs, usageError{fmt.Errorf("%s: a value is empty: name something, or leave it out", name)})
	})
	return errors.Join(errs...)
}

// set gives a flag a value that is not from the command line.
func set(flags *pflag.FlagSet, f *pflag.Flag, value string, from origin) error {
	if err := flags.Set(f.Name, value); err != nil {
		return err
	}
	f.Changed = false
	setOrigin(f, from)
	return nil
}

const variablePrefix = "CODAFS_"

// variable is the name of a setting's environment variable.
func variable(name string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

func loadVariables(flags *pflag.FlagSet) error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		v, ok := os.LookupEnv(variable(f.Name))
		if !ok || originOf(f) != fromDefault || !isSetting(f.Name) && f.Name != "config" {
			return
		}
		if err := set(flags, f, v, fromVariable); err != nil {
			errs = append(errs, usageError{fmt.Errorf("%s: %w", variable(f.Name), err)})
		}
	})
	return errors.Join(errs...)
}

// notSettings are CODAFS_ variables that are something else: what --on-result sets, and what the
// project's own tests read.
var notSettings = []string{resultPrefix, "CODAFS_OPENAPI", "CODAFS_RECORDED", "CODAFS_SEED", "CODAFS_SOAK"}

// checkVariables refuses what must be the name of a setting, misspelt: it would be of no effect
// without a word. Others may be anybody's: a container's CODAFS_BUILD_DATE, a later release's setting.
func checkVariables(known, environ []string) error {
	for _, line := range environ {
		name, _, _ := strings.Cut(line, "=")
		meant := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
		if !strings.HasPrefix(name, variablePrefix) || slices.ContainsFunc(notSettings, meant) {
			continue
		}
		key := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, variablePrefix), "_", "-"))
		if key == "config" || slices.Contains(known, key) {
			continue
		}
		if near := fs.Nearest(key, known); near != "" {
			return usageError{fmt.Errorf("%s: there is no such setting; did you mean %s?", name, variable(near))}
		}
	}
	return nil
}

// configFile is the configuration's path, "" where there is no place for one, and whether the user named it.
func configFile(flags *pflag.FlagSet) (file string, named bool) {
	if file := flags.Lookup("config").Value.String(); file != "" {
		return file, true
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", false
	}
	return filepath.Join(dir, "codafs", "config.toml"), false
}

// maxConfig is far more than a configuration has.
const maxConfig = 1 << 20

// readConfig reads the configuration file. It may be missing where nobody named it.
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

// setValue takes over one key of the file, which is for all commands: another command's is fine.
func setValue(flags *pflag.FlagSet, known []string, key string, v any) error {
	if _, section := v.(map[string]any); section {
		return errors.New("settings stand in no section")
	}
	if !slices.Contains(known, key) {
		return fmt.Errorf("there is no such setting%s", didYouMean("", key, known))
	}
	f := flags.Lookup(key)
	if f == nil || originOf(f) != fromDefault {
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
		if err := set(flags, f, fmt.Sprint(one), fromFile); err != nil {
			return err
		}
	}
	return nil
}
