package codatest_test

import (
	"encoding/json"
	"reflect"
	"testing"
)

func mustUnmarshal(t *testing.T, b []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

func firstID(t *testing.T, page object) string {
	t.Helper()
	var items []object
	mustUnmarshal(t, page["items"], &items)
	return items[0].string("id")
}

// jsonEqual compares decoded JSON.
func jsonEqual(a, b any) bool { return reflect.DeepEqual(a, b) }
