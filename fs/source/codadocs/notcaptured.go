package codadocs

// NotCaptured names what Coda API 1.5.0 has no way to read, or leaves out of a page's export. Manifests list it.
var NotCaptured = []string{
	"automations",
	"bytes of images and attached files",
	"comments",
	"content of embedded and synced pages",
	"filter formulas and layouts of views",
	"text colors and cell formats",
	"version history",
}
