package target

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/find"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
)

// Object is a table, a view or a page.
type Object struct {
	DocID, ID string
	// Kind is [fs.KindRows] for tables and views, else [fs.KindPage] or [fs.KindPageJSON].
	Kind fs.Kind
	// Type is Coda's word: table, view, canvas.
	Type  string
	Title string
	// Path is that of its file in the tree.
	Path string
}

// IsTable reports whether the object has rows.
func (o Object) IsTable() bool { return o.Kind == fs.KindRows }

// IsView reports whether it is a view of a table.
func (o Object) IsView() bool { return o.IsTable() && o.Type == coda.TypeView }

// Finder finds objects.
type Finder struct {
	Client *coda.Client
	Root   fs.Dir
	// Asks allows a request for a link that the tree does not know.
	Asks bool
}

// Adopt takes over what a mount was made with, if arg is a path in it: its names are those of that choice.
func Adopt(s *config.Settings, arg string) error {
	if find.IsLink(arg) {
		return nil
	}
	_, at, err := find.InTree(arg)
	if err != nil || at == "" {
		return err
	}
	m, err := snapshot.Mounted(at)
	if err != nil {
		return err
	}
	if err := s.Adopt(m.Source().APIURL, m.Selection()); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	return nil
}

// Object finds what an id, a link or a path means. What is neither a table nor a page is a usage error.
func (f *Finder) Object(ctx context.Context, arg string) (Object, error) {
	if find.IsLink(arg) {
		info, err := find.Linked(ctx, f.Client, f.Root, arg, f.Asks)
		if err != nil {
			return Object{}, err
		}
		return objectOf(arg, info.Path, fs.Object{Kind: info.Kind, DocID: info.DocID, ID: info.ObjectID, Type: info.Type, Title: info.Name})
	}
	name, _, err := find.InTree(arg)
	if err != nil {
		return Object{}, err
	}
	if strings.Contains(name, "/") {
		n, err := fs.Walk(ctx, f.Root, name)
		if err == nil {
			return objectOf(arg, name, n.Object())
		}
		if !errors.Is(err, iofs.ErrNotExist) && !errors.Is(err, iofs.ErrInvalid) {
			return Object{}, err
		}
	}
	found, err := f.named(ctx, arg)
	if errors.Is(err, iofs.ErrNotExist) && strings.Contains(name, "/") && iofs.ValidPath(name) {
		err = fmt.Errorf("%w%s", err, find.Near(ctx, f.Root, name))
	}
	return found, err
}

// Table is Object for what must have rows.
func (f *Finder) Table(ctx context.Context, arg string) (Object, error) {
	o, err := f.Object(ctx, arg)
	if err == nil && !o.IsTable() {
		err = exit.Usagef("%s is a page: name a table", arg)
	}
	return o, err
}

// objectOf takes only what a command can work on.
func objectOf(arg, at string, o fs.Object) (Object, error) {
	switch o.Kind {
	case fs.KindRows, fs.KindPage, fs.KindPageJSON:
	case fs.KindRowsJSON, fs.KindColumns, fs.KindTable:
		o.Kind = fs.KindRows
	default:
		return Object{}, exit.Usagef("%s is neither a table nor a page", arg)
	}
	return Object{DocID: o.DocID, ID: o.ID, Kind: o.Kind, Type: o.Type, Title: o.Title, Path: at}, nil
}

// named finds the object whose id is in a name, or is the name. If the path tells the doc, no other doc is listed.
func (f *Finder) named(ctx context.Context, arg string) (Object, error) {
	docs, err := fs.Walk(ctx, f.Root, "docs")
	if err != nil {
		return Object{}, err
	}
	all, err := docs.(fs.Dir).Entries(ctx)
	if err != nil {
		return Object{}, err
	}
	slashed := filepath.ToSlash(arg)
	folder, name := path.Split(slashed)
	likely := func(d fs.Node) bool { return HoldsID(folder, d.Object().ID) }
	for _, wanted := range []func(fs.Node) bool{likely, func(d fs.Node) bool { return !likely(d) }} {
		var best *fs.Object
		at := ""
		for _, d := range all {
			if !wanted(d) {
				continue
			}
			err := objects(ctx, d.(fs.Dir), path.Join("docs", d.Name()), func(where string, o fs.Object) {
				if HoldsID(name, o.ID) && (best == nil || len(o.ID) > len(best.ID)) {
					best, at = &o, where
				}
			})
			if err != nil {
				return Object{}, err
			}
		}
		if best != nil {
			return objectOf(arg, at, *best)
		}
	}
	return Object{}, fmt.Errorf("%s: %w: no table or page has that id, and it is no path in the tree; 'codafs ls' shows what there is", arg, iofs.ErrNotExist)
}

// HoldsID reports whether an id is in a name as the tree writes names, or is the name.
func HoldsID(name, id string) bool {
	if name == id {
		return true
	}
	const of = "__"
	for rest := name; ; {
		_, after, found := strings.Cut(rest, of+id)
		if !found {
			return false
		}
		if after == "" || !strings.ContainsRune("-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", rune(after[0])) {
			return true
		}
		rest = after
	}
}

// objects calls do for the tables, views and pages of a doc.
func objects(ctx context.Context, doc fs.Dir, at string, do func(at string, o fs.Object)) error {
	for _, folder := range []string{"tables", "pages"} {
		n, err := doc.Lookup(ctx, folder)
		if errors.Is(err, iofs.ErrNotExist) {
			continue // --no-views, or a doc without any
		}
		if err != nil {
			return err
		}
		if err := below(ctx, n.(fs.Dir), path.Join(at, folder), do); err != nil {
			return err
		}
	}
	return nil
}

func below(ctx context.Context, dir fs.Dir, at string, do func(at string, o fs.Object)) error {
	nodes, err := dir.Entries(ctx)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		where := path.Join(at, n.Name())
		if sub, ok := n.(fs.Dir); ok {
			if err := below(ctx, sub, where, do); err != nil {
				return err
			}
			continue
		}
		if o := n.Object(); o.Kind == fs.KindRows || o.Kind == fs.KindPage || o.Kind == fs.KindPageJSON {
			do(where, o)
		}
	}
	return nil
}
