package codatest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
)

// The pictures and the PDF of the sample workspace are made here, so that no file of theirs is kept.

var (
	paper = color.RGBA{0xFB, 0xFA, 0xF5, 0xFF}
	ink   = color.RGBA{0x1D, 0x3B, 0x53, 0xFF}
	tide  = color.RGBA{0x2A, 0x9D, 0x8F, 0xFF}
)

// chart is a PNG of bars, whose heights are between 0 and 1. The last one is of another colour.
func chart(width, height int, bars ...float64) []byte {
	m := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{paper, ink, tide})
	step := width / len(bars)
	for i, bar := range bars {
		c := ink
		if i == len(bars)-1 {
			c = tide
		}
		top := height - int(bar*float64(height))
		draw.Draw(m, image.Rect(i*step+step/6, top, (i+1)*step-step/6, height), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return encode(m)
}

// badge is a PNG of rings about its middle, as a logo or a portrait may be.
func badge(size, rings int) []byte {
	m := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{paper, ink, tide})
	for y := range size {
		for x := range size {
			dx, dy := 2*x-size, 2*y-size
			ring := rings * (dx*dx + dy*dy) / (size * size)
			if ring < rings {
				m.SetColorIndex(x, y, uint8(1+ring%2))
			}
		}
	}
	return encode(m)
}

func encode(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err) // b takes everything
	}
	return b.Bytes()
}

// pdf is a document of one page with lines of text in Latin-1's ASCII part.
func pdf(lines ...string) []byte {
	var text strings.Builder
	text.WriteString("BT /F1 12 Tf 72 760 Td 16 TL\n")
	for _, l := range lines {
		fmt.Fprintf(&text, "(%s) Tj T*\n", strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(l))
	}
	text.WriteString("ET\n")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%sendstream", text.Len(), text.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b, places bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	for i, o := range objects {
		fmt.Fprintf(&places, "%010d 00000 n \n", b.Len()) // 20 bytes each
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n%s", len(objects)+1, places.String())
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

// picture is a blob of bytes that an encoder of package image wrote.
func picture(id, name string, b []byte) *Blob {
	size, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		panic(err)
	}
	return &Blob{ID: id, Name: name, Type: "image/png", Width: size.Width, Height: size.Height, Content: bytes.NewReader(b)}
}
