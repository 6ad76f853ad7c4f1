package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// topics are help pages that belong to no single command.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "flags", Short: "The flags that many commands share", Long: flagsHelp()},
		{Use: "settings", Short: "Flags, variables, the configuration file, the token", Long: settingsHelp},
		{Use: "exit-codes", Short: "What the exit codes mean", Long: exitCodesHelp},
	}
}

const flagsIntro = `These flags mean the same in all commands that have them. A command's own --help has its other flags. Each can also be a
variable or a key of the configuration file: 'codafs help settings'.`

func flagsHelp() string {
	text := flagsIntro
	for _, g := range sharedFlags() {
		text += "\n\n" + g.title + ":\n" + strings.TrimRight(flagTable(g.flags), "\n")
	}
	return text
}

const settingsHelp = `Each flag is a setting. Its value is the first of these that is there:

  the flag              --refresh 5m
  a variable            CODAFS_REFRESH=5m       (the name in capitals, - becomes _)
  the file              refresh = "5m"          (TOML; lists in brackets)
  the default

The file is codafs/config.toml in the user's configuration folder (~/.config on Linux,
~/Library/Application Support on macOS, %AppData% on Windows), or the one that --config names. It is for
all commands: each takes what concerns it. A key that no command has is an error, and so is a variable that
looks like a misspelt setting. 'codafs config' shows what is in force, and from where. In settings that name a file or
folder, a leading ~/ is your own folder.

The API token is no setting, and never a flag: all users of a machine see the flags of all programs. It is the
first of these:

  CODA_API_TOKEN        a variable
  CODA_API_KEY          a variable
  --token-file FILE     a file that holds nothing else (it should be readable for you alone: chmod 600)
  coda-token            a systemd credential: LoadCredential=coda-token:/path/of/the/file

Where two of them differ, a warning says which one is used. --demo on the command line needs none and uses none; demo from
a variable or the file beside a token is an error, so that nobody takes the sample workspace for their own.

Examples:
  CODAFS_OUTPUT=/srv/coda codafs snapshot --incremental

  # ~/.config/codafs/config.toml
  token-file = "~/.config/codafs/token"
  output = "/srv/coda"
  exclude-doc = ["Playground", "https://coda.io/d/_dAbCDeFGH1a"]
  refresh = "5m"`

const exitCodesHelp = `The numbers are promised to stay. summary.json of a snapshot carries the same.

  0     all went well
  1     it failed; of a snapshot, nothing was sealed, or --json could not be written; of 'doctor', there is a problem
  2     usage error: an unknown flag or setting, or a value that is not allowed
  3     a snapshot was sealed, with gaps that summary.json names, or is suspiciously small
  4     the API token is missing or was refused
  5     'verify' found damage
  10    the folder is not a mount or a snapshot, or the output folder holds snapshots of another account
        or selection
  11    another run works in the output folder
  13    the output folder is full or cannot be written
  75    Coda gave no answer for five minutes; run again to resume
  130   stopped by Ctrl-C (SIGINT); 143 by SIGTERM. A mount ends with 0 then. The next snapshot takes up
        what is done`
