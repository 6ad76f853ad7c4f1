package config

import (
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/spf13/pflag"
)

// DefaultOutput is the folder of snapshots if none is set. It is relative to the working folder.
const DefaultOutput = "./coda-backups"

// ErrNoOutput is the usage error for an empty --output.
var ErrNoOutput = exit.Usagef("--output is empty: name a folder")

// OutputFolder is the folder of snapshots for commands that read it: an argument, else the setting. Those commands need
// no other setting, and no token.
type OutputFolder struct {
	Output string // the setting; "" if the user made it empty
	config string
}

// Register adds the flags of the folder and of the configuration file.
func (o *OutputFolder) Register(f *pflag.FlagSet) {
	PathVar(f, &o.Output, "output", "o", DefaultOutput, "`DIR` that holds the snapshots, where none is named")
	registerConfig(f, &o.config)
}

// Dir returns the folder to read; args are the command's, of which the first may be that folder. The error is a usage
// error.
func (o *OutputFolder) Dir(flags *pflag.FlagSet, args []string) (string, error) {
	switch {
	case len(args) > 0 && flags.Changed("output"):
		return "", exit.Usagef("%s is named, and so is --output %s: name one folder", args[0], o.Output)
	case len(args) > 0:
		return args[0], nil
	case o.Output == "":
		return "", ErrNoOutput
	}
	return o.Output, nil
}
