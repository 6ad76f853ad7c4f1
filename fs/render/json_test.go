package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

var jsonValues = []string{
	`{}`, `[]`, `{ }`, `[ ]`, `null`, `true`, `""`, `-0`, `[[],{}]`, `[1,[2,[3]]]`,
	`{"id":"canvas-1","futureField":{"b":1,"a":[]},"id":"again"}`,
	`[12345678901234567890.10, 1e400, -1.50E+07, 1.0]`,
	`{"text":"\u00e9 \/ \ud83d <&> { , ] \" \\","é😀":"` + "\u2028\u2029\x7f" + `"}`,
	"{\r\n\t\"spaced\" :\n[ 1 ,2 ] }",
	" \n{\"a\":1}\n\n",
	"\"a\xff\"",
}

func TestJSONIsIndentedAsSent(t *testing.T) {
	got := new(bytes.Buffer)
	sent := "{\"b\": 1.50,\"a\": [\"\\u003c<\", {}, []],\"b\": 1e2}\n"
	if err := JSON(got, json.RawMessage(sent)); err != nil {
		t.Fatal(err)
	}
	want := `{
  "b": 1.50,
  "a": [
    "\u003c<",
    {},
    []
  ],
  "b": 1e2
}
`
	if got.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestEmptyArray(t *testing.T) {
	var got bytes.Buffer
	if err := NewArray(&got).Close(); err != nil || got.String() != "[]\n" {
		t.Errorf("got %q, %v", got.String(), err)
	}
}

// The whole array, indented at once, is what the writer must give piece by piece.
func FuzzArrayEqualsIndentOfTheWhole(f *testing.F) {
	for i, value := range jsonValues {
		f.Add(value, jsonValues[(i+1)%len(jsonValues)], uint8(i%4))
	}
	f.Fuzz(func(t *testing.T, a, b string, n uint8) {
		if !json.Valid([]byte(a)) || !json.Valid([]byte(b)) {
			t.Skip("the client lets no such value through")
		}
		var items []string
		for i := range int(n % 8) {
			items = append(items, []string{a, b}[i%2])
		}
		whole := "[" + strings.Join(items, ",") + "]"
		var want bytes.Buffer
		if err := json.Indent(&want, []byte(whole), "", "  "); err != nil {
			t.Skip("nested too deep")
		}
		want.WriteByte('\n')

		var single, pieces bytes.Buffer
		if err := JSON(&single, json.RawMessage(whole)); err != nil {
			t.Fatal(err)
		}
		w := NewArray(&pieces)
		for _, item := range items {
			if err := w.Add(json.RawMessage(item)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if single.String() != want.String() {
			t.Errorf("at once:\n%q\nwant\n%q", single.String(), want.String())
		}
		if pieces.String() != want.String() {
			t.Errorf("in pieces:\n%q\nwant\n%q", pieces.String(), want.String())
		}
	})
}

func TestArrayIsWrittenAsItComes(t *testing.T) {
	var written counter
	w := NewArray(&written)
	item := json.RawMessage(`"` + strings.Repeat("x", 1000) + `"`)
	for n := range 100 {
		if err := w.Add(item); err != nil {
			t.Fatal(err)
		}
		if held := (n+1)*1000 - int(written); held > 0 {
			t.Fatalf("%d bytes are held back", held)
		}
	}
}

func TestWhatIsNotJSONIsNotWritten(t *testing.T) {
	var got bytes.Buffer
	w := NewArray(&got)
	for _, broken := range []string{``, `{`, `{"a":}`, `1 2`} {
		if err := w.Add(json.RawMessage(broken)); err == nil {
			t.Errorf("Add took %q", broken)
		}
		if err := JSON(&got, json.RawMessage(broken)); err == nil {
			t.Errorf("JSON took %q", broken)
		}
	}
	if err := w.Close(); err != nil || got.String() != "[]\n" {
		t.Errorf("got %q, %v", got.String(), err)
	}
}

func TestJSONTellsWriteErrors(t *testing.T) {
	w := NewArray(full{})
	for what, err := range map[string]error{
		"Add": w.Add(json.RawMessage(`1`)), "Close": w.Close(), "JSON": JSON(full{}, json.RawMessage(`1`)),
	} {
		if !errors.Is(err, errFull) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
