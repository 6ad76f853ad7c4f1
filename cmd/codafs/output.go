package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/sealed"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// defaultOutput is the folder of snapshots if none is set.
const defaultOutput = "./coda-backups"

var errNoOutput = exit.Usagef("--output is empty: name a folder")

// outputFolder is the folder of snapshots for commands that read it: an argument, else the setting.
type outputFolder struct {
	output string
	config string
}

func (o *outputFolder) register(f *pflag.FlagSet) {
	pathVar(f, &o.output, "output", "o", defaultOutput, "`DIR` that holds the snapshots, where none is named")
	registerConfig(f, &o.config)
}

// of returns the folder to read.
func (o *outputFolder) of(cmd *cobra.Command, args []string) (string, error) {
	switch {
	case len(args) > 0 && cmd.Flags().Changed("output"):
		return "", exit.Usagef("%s is named, and so is --output %s: name one folder", args[0], o.output)
	case len(args) > 0:
		return args[0], nil
	case o.output == "":
		return "", errNoOutput
	}
	return o.output, nil
}

// pair returns the two snapshots to compare: those that are named, as folders or as names in the output folder, else
// the two newest.
func (o *outputFolder) pair(args []string) (a, b string, err error) {
	if o.output == "" {
		return "", "", errNoOutput
	}
	if len(args) == 2 {
		return o.named(args[0]), o.named(args[1]), nil
	}
	all, err := sealed.List(o.output)
	if err != nil {
		return "", "", err
	}
	if len(all) < 2 {
		return "", "", fmt.Errorf("%w: %s holds %d, and two are compared", folder.ErrNotSnapshot, o.output, len(all))
	}
	last := all[len(all)-2:]
	return filepath.Join(o.output, last[0].ID), filepath.Join(o.output, last[1].ID), nil
}

// named returns the folder of a named snapshot. The working folder is searched first.
func (o *outputFolder) named(name string) string {
	inOutput := filepath.Join(o.output, name)
	if filepath.Base(name) != name || exists(name) || !exists(inOutput) {
		return name
	}
	return inOutput
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
