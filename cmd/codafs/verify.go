package main

import (
	"context"
	"fmt"

	"github.com/codafs/codafs/snapshot"
	"github.com/spf13/cobra"
)

func newVerify(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "verify DIR",
		Short: "Check backups against their checksums",
		Long: `Compare what is in DIR, an output folder or one snapshot in it, with what was sealed: every name,
size and hash. Damage is printed one line each; nothing is written.

Exit codes: 0 all is as it was sealed, 1 no snapshot there, 5 damage.`,
		Example: `  codafs verify ~/coda-backups
  codafs verify ~/coda-backups/latest`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runVerify(cmd.Context(), std, args[0]) },
	}
}

func runVerify(ctx context.Context, std streams, dir string) error {
	r, err := snapshot.Verify(ctx, dir)
	if err != nil {
		return err
	}
	for _, d := range r.Damage {
		fmt.Fprintf(std.out, "%s\t%s\t%s\t%s\n", d.Problem, d.Snapshot, d.Path, d.Detail)
	}
	fmt.Fprintf(std.err, "codafs: %d snapshots, %d files, %d bytes: %d damaged\n", len(r.Checked), r.Files, r.Bytes, len(r.Damage))
	if code := r.ExitCode(); code != 0 {
		return exitError{code}
	}
	return nil
}
