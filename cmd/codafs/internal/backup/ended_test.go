package backup

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/progress"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// What failed after the sealing, an archive say, makes the snapshot no worse: its path is printed.
func TestThePathOfWhatIsSealedIsPrinted(t *testing.T) {
	full := &folder.DestinationError{Err: errors.New("no space left on device")}
	for result, want := range map[format.Result]string{
		format.Complete: filepath.Join("out", "id") + "\n", format.Suspect: filepath.Join("out", "id") + "\n", format.Failed: "",
	} {
		o := Options{Output: "out", Quiet: true}
		var out, talk bytes.Buffer
		p, std := progress.NewRun(term.Streams{Out: &out, Err: &talk}, false, true)
		s := format.NewSummary(time.Now())
		s.ID, s.Result = "id", result
		if err := o.ended(std, p, s, full); exit.Code(err) != 13 || out.String() != want {
			t.Errorf("%s: exit code %d, printed %q, want %q", result, exit.Code(err), &out, want)
		}
	}
}
