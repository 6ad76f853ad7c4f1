package blob

import (
	"bytes"
	"cmp"
	"strings"

	"golang.org/x/net/html"
)

// The forms in which HTML exports were seen to show blobs: an <img> with data-coda-blob-id, data-coda-mime-type and alt, and a <video>
// with a <source>. How other files come is not recorded, so an element of any name with a blob's id is taken, as
// is one that shows, plays or links to an address of Coda's that names a blob.

// InPage finds the blobs in a page's HTML export. It reads the text once and holds no tree of it, so that text that is nested
// deep costs no more than other text.
func InPage(export []byte, hosts Hosts) Found {
	p := pageReader{hosts: hosts}
	for z := html.NewTokenizer(bytes.NewReader(export)); ; {
		switch z.Next() {
		case html.ErrorToken: // the end: a tokenizer has no other error in a text that is in memory
			p.endPlayer()
			p.endLink()
			return p.found
		case html.StartTagToken, html.SelfClosingTagToken:
			if e := readElement(z); e.tag != "" {
				p.start(e)
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			p.end(string(name))
		case html.TextToken:
			if p.link != nil && len(p.link.Name) < longestText {
				p.link.Name += string(z.Text())
			}
		}
	}
}

// longestText bounds what is read of a link's text, in bytes.
const longestText = 1 << 10

// element is what an element says of a blob.
type element struct {
	tag, id, mime, alt string
	address            string
}

// readElement reads a start tag. Of one without attributes nothing is read.
func readElement(z *html.Tokenizer) (e element) {
	name, more := z.TagName()
	if !more {
		return element{tag: playerTag(string(name))}
	}
	e.tag = string(name)
	var src, href, data, mime string
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch string(key) {
		case "data-coda-blob-id":
			e.id = string(value)
		case "data-coda-mime-type":
			e.mime = string(value)
		case "alt":
			e.alt = string(value)
		case "src":
			src = string(value)
		case "href":
			href = string(value)
		case "data":
			data = string(value)
		case "type":
			mime = string(value)
		}
	}
	e.mime = cmp.Or(e.mime, mime)
	e.address = strings.TrimSpace(cmp.Or(src, href, data))
	return e
}

// showing are the elements that may show a blob by its address alone.
var showing = map[string]bool{"img": true, "video": true, "audio": true, "source": true, "embed": true, "object": true, "a": true}

// playerTag is name if it is that of an element whose address may be in a <source> below it, else "".
func playerTag(name string) string {
	if name == "video" || name == "audio" || name == "picture" {
		return name
	}
	return ""
}

// pageReader collects what a page shows.
type pageReader struct {
	hosts  Hosts
	found  Found
	player *Shown // a <video> with an id, whose address is still to come
	link   *Shown // an <a> to a blob, whose text is its name
	to     string // the link's address
}

// start takes in an element.
func (p *pageReader) start(e element) {
	s := Shown{ID: e.id, Name: e.alt, Type: e.mime}
	switch {
	case e.tag == "source" && p.player != nil:
		s = *p.player
		s.Type = cmp.Or(s.Type, e.mime)
		p.player = nil
	case playerTag(e.tag) != "":
		p.endPlayer()
		if e.id != "" && e.address == "" {
			p.player = &s
			return
		}
	case e.tag == "a":
		p.endLink()
		p.link, p.to = &s, e.address
		return
	case e.id == "" && !showing[e.tag]:
		return
	}
	p.found.add(s, e.address, p.hosts)
}

// end takes in an end tag.
func (p *pageReader) end(tag string) {
	switch {
	case tag == "a":
		p.endLink()
	case playerTag(tag) != "":
		p.endPlayer()
	}
}

// endPlayer ends a player for which no source came.
func (p *pageReader) endPlayer() {
	if p.player != nil {
		p.found.add(*p.player, "", p.hosts)
		p.player = nil
	}
}

// endLink ends a link. Its name is its text, unless it has one.
func (p *pageReader) endLink() {
	if p.link != nil {
		p.link.Name = strings.TrimSpace(p.link.Name)
		p.found.add(*p.link, p.to, p.hosts)
		p.link = nil
	}
}
