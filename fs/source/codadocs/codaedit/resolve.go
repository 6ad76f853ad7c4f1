package codaedit

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs/edit"
)

// resolverOf makes the values of a column whose texts must be looked up, of several values at once too; nil for others.
func resolverOf(c coda.Column, options []string, resolve Resolver) func(string) (json.RawMessage, error) {
	one := func(text string) (json.RawMessage, error) {
		return edit.Column{Kind: kinds[c.Format.Type], Options: options}.Value(text)
	}
	looked := c.Format.Type == "person" || c.Format.Type == "lookup"
	if looked && resolve != nil {
		one = func(text string) (json.RawMessage, error) { return resolve(c, text) }
	}
	if !c.Format.IsArray {
		if looked {
			return one
		}
		return nil
	}
	return func(text string) (json.RawMessage, error) {
		if !strings.HasPrefix(strings.TrimSpace(text), "[") {
			return one(text) // a list of one, as Coda sends it
		}
		var texts []any
		if json.Unmarshal([]byte(text), &texts) != nil {
			return nil, errors.New(`a list is written as ["one","two"]`)
		}
		values := []json.RawMessage{}
		for _, t := range texts {
			s, ok := t.(string)
			if !ok {
				b, _ := json.Marshal(t) // it was JSON
				s = string(b)
			}
			v, err := one(s)
			if err != nil {
				return nil, err
			}
			values = append(values, v)
		}
		return json.Marshal(values)
	}
}

// Person resolves a person by an e-mail address, or by a name that one of the known people has.
func Person(known []string, text string) (json.RawMessage, error) {
	if !strings.Contains(text, "@") && !slices.Contains(known, text) {
		return nil, fmt.Errorf("nobody in this table is called %q: write the e-mail address", text)
	}
	return json.Marshal(text)
}

// Name is a row of another table, for a column that shows rows.
type Name struct{ ID, Name string }

// Relation resolves a row by its id, or by a name that exactly one row has. Coda would store anything else as a text that
// leads nowhere.
func Relation(rows []Name, text string) (json.RawMessage, error) {
	var ids []string
	for _, r := range rows {
		if r.ID == text {
			return json.Marshal(text)
		}
		if r.Name == text {
			ids = append(ids, r.ID)
		}
	}
	switch len(ids) {
	case 0:
		return nil, fmt.Errorf("no row of the other table is called %q", text)
	case 1:
		return json.Marshal(ids[0])
	}
	return nil, fmt.Errorf("%d rows of the other table are called %q: write the id of the one that is meant (%s)", len(ids), text, strings.Join(ids, ", "))
}
