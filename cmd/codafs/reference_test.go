package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write REFERENCE.md, and the picture of README.md")

const referenceFile = "REFERENCE.md"

// REFERENCE.md has the text of all help, so that a change of it is seen, and read on the web.
func TestReferenceIsUpToDate(t *testing.T) {
	root := newRoot(term.Streams{})
	want := reference(root)
	if *update {
		if err := os.WriteFile(referenceFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the commands say; write it with: go test ./cmd/codafs -run Reference -update", referenceFile)
	}
}

func TestEachCommandHasHelpWithExamples(t *testing.T) {
	for _, c := range documented(newRoot(term.Streams{})) {
		if c.Short == "" || c.Long == "" || c.Runnable() && c.Example == "" && c.Name() != "version" {
			t.Errorf("%s: want a short and a long text and examples", c.CommandPath())
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s --%s has no text", c.CommandPath(), f.Name)
			}
		})
		page, err := manPage(c)
		if err != nil || !strings.HasPrefix(string(page), ".nh\n.TH \"CODAFS") {
			t.Errorf("%s: the manual page is %.60q, %v", c.CommandPath(), page, err)
		}
	}
}

// Where several commands have a flag, it means the same in all: a configuration file is for all.
func TestFlagsMeanTheSameInAllCommands(t *testing.T) {
	kinds := map[string]string{}
	for _, c := range documented(newRoot(term.Streams{})) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if known := kinds[f.Name]; known != "" && known != f.Value.Type() {
				t.Errorf("%s --%s is of type %s, another command's of type %s", c.CommandPath(), f.Name, f.Value.Type(), known)
			}
			kinds[f.Name] = f.Value.Type()
		})
	}
}

func reference(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# codafs: commands and settings\n\nThis is the help of the program, as `codafs help` and the manual pages" +
		" have it. It is generated: `go test ./cmd/codafs -run Reference -update`.\n")
	all := documented(root)[1:]
	fmt.Fprint(&b, "\n| command | |\n|---|---|\n")
	for _, c := range all {
		fmt.Fprintf(&b, "| [%s](#%s) | %s |\n", c.CommandPath(), strings.ReplaceAll(c.CommandPath(), " ", "-"), c.Short)
	}
	for _, c := range all {
		fmt.Fprintf(&b, "\n## %s\n\n", c.CommandPath())
		if c.Runnable() {
			fmt.Fprintf(&b, "    %s\n\n", c.UseLine())
		}
		if c.Name() == "flags" {
			writeShared(&b)
			continue
		}
		b.WriteString(paragraphs(c.Long))
		if c.Example != "" {
			fmt.Fprintf(&b, "\n```sh\n%s\n```\n", unindented(c.Example))
		}
		own, shared := ownFlags(c)
		writeFlags(&b, own)
		if shared {
			b.WriteString("\nAnd [the flags that it shares with other commands](#codafs-flags).\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func writeShared(b *strings.Builder) {
	b.WriteString(flagsIntro + "\n")
	for _, g := range sharedFlags() {
		b.WriteString("\n" + g.title + ":\n")
		writeFlags(b, g.flags)
	}
}

// paragraphs sets lists and tables, which are indented or begin with a colon's line, as they are.
func paragraphs(text string) string {
	var b strings.Builder
	for p := range strings.SplitSeq(text, "\n\n") {
		if strings.Contains(p, "\n  ") || strings.HasPrefix(p, "  ") {
			fmt.Fprintf(&b, "```text\n%s\n```\n\n", p)
		} else {
			b.WriteString(p + "\n\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func unindented(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}

func writeFlags(b *strings.Builder, flags *pflag.FlagSet) {
	var rows []string
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		arg, usage := pflag.UnquoteUsage(f)
		name := strings.TrimSpace("--" + f.Name + " " + arg)
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		def := f.DefValue
		if slices.Contains([]string{"false", "[]"}, def) {
			def = ""
		}
		env := "`" + config.Variable(f.Name) + "`"
		if !config.IsSetting(f.Name) && f.Name != "config" {
			env = ""
		}
		if def != "" {
			def = "`" + def + "`"
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |", name, env, def, strings.ReplaceAll(usage, "|", `\|`)))
	})
	if len(rows) > 0 {
		fmt.Fprintf(b, "\n| flag | variable | default | |\n|---|---|---|---|\n%s\n", strings.Join(rows, "\n"))
	}
}

func TestEachFlagThatNamesAFileOrFolderIsAPath(t *testing.T) {
	var paths []string
	for name, f := range allFlags() {
		value, _ := pflag.UnquoteUsage(f)
		if named := value == "DIR" || value == "FILE"; named != (f.Value.Type() == "path") {
			t.Errorf("--%s takes a %s and is of type %s: declare it with pathVar", name, value, f.Value.Type())
		}
		if f.Value.Type() == "path" {
			paths = append(paths, name)
		}
	}
	for _, name := range []string{"cache-dir", "config", "log-file", "mountpoint", "output", "token-file"} {
		if !slices.Contains(paths, name) {
			t.Errorf("--%s is no path", name)
		}
	}
}
