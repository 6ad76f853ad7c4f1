package target

import "testing"

func TestAnIDIsFoundInANameAsTheTreeWritesIt(t *testing.T) {
	for _, c := range []struct {
		name, id string
		want     bool
	}{
		{"grid-a", "grid-a", true},
		{"Page__Tasks__grid-a.csv", "grid-a", true},
		{"Tasks__grid-a (1).csv", "grid-a", true},
		{"Tasks__grid-a~0f1e2d.csv", "grid-a", true},
		{"Tasks__grid-a", "grid-a", true},
		{"Tasks__grid-ab.csv", "grid-a", false},
		{"Tasks__grid-a__grid-ab.csv", "grid-ab", true},
		{"Tasks grid-a.csv", "grid-a", false},
		{"a__b__c.csv", "b__c", true},
		{"", "grid-a", false},
	} {
		if got := HoldsID(c.name, c.id); got != c.want {
			t.Errorf("%q holds %q: %v, want %v", c.name, c.id, got, c.want)
		}
	}
}
