package format

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/codafs/codafs/fs"
)

// The settings that only add files to those of each object. Runs with and without them are of one series, and each record says which it had;
// one that does not is older than that.
const (
	filesSetting = "files"
	htmlSetting  = "html-pages"
)

func isAdding(name string) bool { return name == filesSetting || name == htmlSetting }

// HasFiles reports whether images and attachments were asked for.
func (r Recorded) HasFiles() bool { return r.has(filesSetting) }

// AddsAs reports whether the same files were added to each object as in another run.
func (r Recorded) AddsAs(other Recorded) bool {
	return r.has(filesSetting) == other.has(filesSetting) && r.has(htmlSetting) == other.has(htmlSetting)
}

func (r Recorded) has(name string) bool {
	is, _ := r.Selection[name].(bool)
	return is
}

// Series names what a run is one of: all that were asked for the same objects of the same account have the same one.
// Only those are compared with each other. It is for comparing, and written nowhere.
func (h Head) Series() string {
	return fmt.Sprintf("%q %q %s", h.Source.APIURL, h.Source.Account, canonical(h.Options.Selection))
}

// Chosen is a selection without the settings that have their default value: a program that has one setting
// more asks for the same as one that does not know it. Older programs recorded defaults too. Those that add files are always said.
func Chosen(selection map[string]any) map[string]any {
	kept := maps.Clone(selection)
	maps.DeleteFunc(kept, func(name string, value any) bool {
		v := reflect.ValueOf(value)
		switch {
		case isAdding(name):
			return false
		case !v.IsValid() || v.IsZero():
			return true
		case v.Kind() == reflect.Slice:
			return v.Len() == 0
		}
		return name == "names" && fmt.Sprint(value) == string(fs.NamesID)
	})
	return kept
}

// plain is a selection in one form, wherever it came from, without the settings that have their default value.
// JSON makes what came from a manifest equal to what came from flags. The lists in it are sets: they come in the
// order in which flags were given.
func plain(selection map[string]any) (map[string]any, error) {
	data, err := json.Marshal(Chosen(selection))
	if err != nil {
		return nil, err
	}
	form := map[string]any{}
	if err := json.Unmarshal(data, &form); err != nil {
		return nil, err
	}
	maps.DeleteFunc(form, func(name string, _ any) bool { return isAdding(name) })
	for name, value := range form {
		if list, ok := value.([]any); ok {
			form[name] = asSet(list)
		}
	}
	return form, nil
}

// canonical writes a selection as one string: JSON has sorted keys.
func canonical(selection map[string]any) string {
	form, err := plain(selection)
	if err != nil {
		return err.Error()
	}
	if len(form) == 0 {
		return ""
	}
	data, err := json.Marshal(form)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// asSet gives the items of a list sorted, each once.
func asSet(list []any) []string {
	items := make([]string, len(list))
	for i, item := range list {
		items[i] = fmt.Sprint(item)
	}
	slices.Sort(items)
	return slices.Compact(items)
}
