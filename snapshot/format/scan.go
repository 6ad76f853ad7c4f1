package format

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Scan reads a manifest and gives its files to each, one by one, so that a million of them take no memory. What is read from
// the offset from up to the offset to is the file's JSON, with what separates it from the one before ([DecodeFiles]). The manifest
// that Scan returns has no files. Its schema is checked; nothing else is: paths may lead anywhere ([CheckPath]).
func Scan(r io.Reader, each func(f File, from, to int64) error) (*Manifest, error) {
	dec := json.NewDecoder(r)
	rest, err := fields(dec, func(name string) (bool, error) {
		if !strings.EqualFold(name, "files") { // as package json compares names
			return false, nil
		}
		return true, scanFiles(dec, each)
	})
	if err != nil {
		return nil, err
	}
	m := new(Manifest)
	if err := json.Unmarshal(rest, m); err != nil {
		return nil, err
	}
	return m, m.check()
}

// fields reads an object, and gives its fields as JSON, without those that read takes.
func fields(dec *json.Decoder, read func(name string) (bool, error)) ([]byte, error) {
	if err := wantToken(dec, '{'); err != nil {
		return nil, err
	}
	rest := map[string]json.RawMessage{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		taken, err := read(fmt.Sprint(name))
		if errors.Is(err, errEnough) {
			return json.Marshal(rest)
		}
		if err != nil {
			return nil, err
		}
		if taken {
			continue
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		rest[fmt.Sprint(name)] = value
	}
	if err := wantToken(dec, '}'); err != nil {
		return nil, err
	}
	return json.Marshal(rest)
}

// errEnough ends fields before the end of the object.
var errEnough = errors.New("the rest is not wanted")

func scanFiles(dec *json.Decoder, each func(f File, from, to int64) error) error {
	first, err := dec.Token()
	if first == nil && err == nil { // null
		return nil
	}
	if err == nil && first != json.Delim('[') {
		err = fmt.Errorf("files are no list: %v", first)
	}
	if err != nil {
		return err
	}
	for dec.More() {
		from := dec.InputOffset()
		var f File
		if err := dec.Decode(&f); err != nil {
			return err
		}
		if err := each(f, from, dec.InputOffset()); err != nil {
			return err
		}
	}
	return wantToken(dec, ']')
}

// wantToken reads one bracket.
func wantToken(dec *json.Decoder, want json.Delim) error {
	got, err := dec.Token()
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if err == nil && got != want {
		err = fmt.Errorf("%v where %v should be", got, want)
	}
	return err
}

// DecodeFiles reads a part of a manifest's files: their JSON with what separates them, which may be before the first, too.
func DecodeFiles(part []byte) ([]File, error) {
	var files []File
	err := json.Unmarshal([]byte("["+strings.TrimLeft(string(part), ", \t\r\n")+"]"), &files)
	return files, err
}
