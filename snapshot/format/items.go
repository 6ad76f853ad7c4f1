package format

import (
	"encoding/json"
	"io"
)

// Item is one of those in a file that names others (fs.KindInfo.Late), such as files.json. Fields that are not here are the source's own.
type Item struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Status string `json:"status"`
	// Path is that of the file, below the unit's folder; "" if there is none.
	Path string `json:"path"`
}

// ItemLive is the status of what should have a file.
const ItemLive = "live"

// ReadItems reads a file that names others.
func ReadItems(r io.Reader) (all []Item, err error) {
	err = json.NewDecoder(r).Decode(&all)
	return all, err
}
