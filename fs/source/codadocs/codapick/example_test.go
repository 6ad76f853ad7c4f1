package codapick_test

import (
	"fmt"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs/source/codadocs/codapick"
)

// A doc is named by its id, a browser link into it, or its name as it is written.
func ExampleMatches() {
	doc := coda.Doc{ID: "AbCDeFGH1a", Name: "Launch"}
	for _, selector := range []string{"AbCDeFGH1a", "https://coda.io/d/Launch_dAbCDeFGH1a/Plan_suXyz12", "Launch", "launch"} {
		fmt.Println(codapick.Matches(selector, doc))
	}
	fmt.Println(codapick.DidYouMean("launch", []coda.Doc{doc}))
	// Output:
	// true
	// true
	// true
	// false
	// ; did you mean "Launch"?
}

// What lies below a page that is left out is left out with it.
func ExampleSelection_Excluded() {
	below := func(id, name, parent string) coda.Page {
		return coda.Page{ID: id, Name: name, Parent: &coda.Ref{ID: parent}}
	}
	pages := []coda.Page{{ID: "canvas-1", Name: "Private"}, below("canvas-2", "Salaries", "canvas-1"), {ID: "canvas-3", Name: "Plan"}}
	sel := codapick.Selection{ExcludePages: []string{"Private", "Plam"}}
	out, used := sel.Excluded("AbCDeFGH1a", pages)
	fmt.Println(len(out), out["canvas-2"], used)
	for _, note := range sel.UnusedExclusions(map[string]bool{"Private": true}, []string{"Plan"}) {
		fmt.Println(note.Note)
	}
	// Output:
	// 2 true [Private]
	// none of the pages is "Plam", which should be left out; did you mean "Plan"?
}
