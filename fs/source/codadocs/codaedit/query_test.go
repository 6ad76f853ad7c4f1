package codaedit_test

import (
	"testing"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs/source/codadocs/codaedit"
)

func column(id, name, kind string) coda.Column {
	return coda.Column{ID: id, Name: name, Format: coda.ColumnFormat{Type: kind}}
}

func TestAQueryIsWhatTheServiceTakes(t *testing.T) {
	columns := []coda.Column{column("c-1", "Name", "text"), column("c-2", "Name", "number"), column("c-3", "Name: long", "text"),
		column("c-4", "Done", "checkbox"), column("c-5", "_row_id", "text")}
	for text, want := range map[string]string{
		"Name:7": `c-1:"7"`, "Name__2:7": "c-2:7", "c-2:7.50": "c-2:7.5", "Name__2:many": `c-2:"many"`, "Name: long:x:y": `c-3:"x:y"`, "Done:TRUE": "c-4:true",
		"Name:": `c-1:""`, "_row_id__2:x": `c-5:"x"`,
	} {
		q, err := codaedit.ParseQuery(columns, text)
		if err != nil || q.Service() != want {
			t.Errorf("%s is %s, %v; want %s", text, q.Service(), err, want)
		}
	}
	for _, text := range []string{"Nobody:1", "Name", "_row_id:i-1", ""} {
		if _, err := codaedit.ParseQuery(columns, text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
