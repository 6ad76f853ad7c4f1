package render_test

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/codafs/codafs/fs/render"
)

// Two columns of one name get different headers. Numbers keep their digits, and text is quoted where CSV needs it.
func ExampleCSV() {
	w, err := render.NewCSV(os.Stdout, []string{"_row_id"}, []render.Column{{ID: "c1", Name: "Price"}, {ID: "c2", Name: "Price"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, values := range []map[string]json.RawMessage{
		{"c1": json.RawMessage(`1.50`), "c2": json.RawMessage(`"cheap, so far"`)},
		{"c1": json.RawMessage(`null`), "c2": json.RawMessage(`["a", 1e2]`), "hidden": json.RawMessage(`true`)},
	} {
		if err := w.Row([]string{"i-1"}, values); err != nil {
			fmt.Println(err)
		}
	}
	err = w.Flush()
	fmt.Println(w.Left(), "column without a header", err)
	// Output:
	// _row_id,Price,Price__2
	// i-1,1.50,"cheap, so far"
	// i-1,,"[""a"",1e2]"
	// 1 column without a header <nil>
}

// Values are indented one by one, as they come. Each stays as it was sent.
func ExampleArray() {
	a := render.NewArray(os.Stdout)
	for _, raw := range []string{`{"id":1,"price":1.50}`, `{"id":2,"title":"\u00e9"}`} {
		if err := a.Add(json.RawMessage(raw)); err != nil {
			fmt.Println(err)
		}
	}
	if err := a.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// [
	//   {
	//     "id": 1,
	//     "price": 1.50
	//   },
	//   {
	//     "id": 2,
	//     "title": "\u00e9"
	//   }
	// ]
}
