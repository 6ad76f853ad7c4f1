// Package config is what a command is told: its flags, CODAFS_* variables, the configuration file, and the API token.
//
// A setting is a flag. [Settings] has those of all commands that reach Coda, as data: nothing is opened here, and nothing
// is sent. A command registers what it takes, lets its flags be parsed, and then calls [Load], which gives each flag that
// is not on the command line its value from the variable or from the file:
//
//	s := config.Settings{Tool: "codafs 1.0"}
//	s.Register(flags)
//	flags.Parse(os.Args[1:])
//	err := config.Load(flags, known) // known: the settings of all commands, which may share a file
//
// [OriginOf] says where a value came from, and [Settings.Recorded] which of them a manifest keeps. The token is no setting:
// [FindToken] finds it, and it never stands in an error or a log. Errors are usage errors, as package exit has them.
//
// What a user cannot have meant is refused here, before anything is opened: an unknown key, a variable whose name is nearly
// that of a setting, an empty value in a list. The text of 'codafs help settings' is the contract.
package config
