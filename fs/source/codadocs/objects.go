package codadocs

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/render"
)

// errOversized is why a doc has no lists: it is over the API's size limit.
var errOversized = errors.New("the doc is larger than Coda's API allows (125 MB); make it smaller, or split it")

// objectFile is a file with the smaller objects of a doc. If the token may not see them it is left out; the doc still
// counts as complete. An index says in how many docs that is so (docSurvey.withheld).
type objectFile struct {
	kind fs.Kind
	list func(*docs, context.Context, *remote.Lists) (objectList, error)
	file func(d doc, name string) *remote.File
}

// objectFiles are those files, by their names in a doc's folder.
var objectFiles = map[string]objectFile{
	"formulas.json":    {fs.KindFormulas, (*docs).formulaList, doc.formulasJSON},
	"controls.json":    {fs.KindControls, (*docs).controlList, doc.controlsJSON},
	"permissions.json": {fs.KindPermissions, (*docs).permissionList, doc.permissionsJSON},
}

// withheld reports whether an error of the list means that the token may not see it. For permissions the service
// answers 401 to a token for single docs (observed); elsewhere 401 means that the token is invalid.
func (o objectFile) withheld(s *docs, err error) bool {
	return s.refused(err) || o.kind == fs.KindPermissions && s.Class(err) == remote.ClassToken
}

// objectList is a doc's permissions, or references to its formulas or controls. References have no value; values are
// fetched with the content.
type objectList struct {
	json  *load.Shown
	count int
}

// formulaLists are references: a list has no values, and a value may change without an edit of the doc.
func (s *docs) formulaLists() remote.List[objectList] {
	return objectLists(fs.KindFormulas, func(ctx context.Context, l *remote.Lists, _ string, w io.Writer, t *remote.Try) error {
		all := load.Once(t, s.api.Formulas(ctx, l.Unit.ID), func(f coda.Formula) string { return f.ID })
		return render.List(w, all, func(f coda.Formula) json.RawMessage { return f.Raw })
	})
}

// controlLists are references, as formulaLists.
func (s *docs) controlLists() remote.List[objectList] {
	return objectLists(fs.KindControls, func(ctx context.Context, l *remote.Lists, _ string, w io.Writer, t *remote.Try) error {
		all := load.Once(t, s.api.Controls(ctx, l.Unit.ID), func(c coda.Control) string { return c.ID })
		return render.List(w, all, func(c coda.Control) json.RawMessage { return c.Raw })
	})
}

// permissionLists have no stamp.
func (s *docs) permissionLists() remote.List[objectList] {
	lists := objectLists(fs.KindPermissions, func(ctx context.Context, l *remote.Lists, _ string, w io.Writer, t *remote.Try) error {
		all := load.Once(t, s.api.Permissions(ctx, l.Unit.ID), func(p coda.Permission) string { return p.ID })
		return render.List(w, all, func(p coda.Permission) json.RawMessage { return p.Raw })
	})
	lists.Unstamped = true
	return lists
}

// objectLists are lists of references, or of permissions.
func objectLists(kind fs.Kind, fill func(ctx context.Context, l *remote.Lists, id string, w io.Writer, t *remote.Try) error) remote.List[objectList] {
	return remote.List[objectList]{Kind: kind, Path: string(kind) + ".json", Fill: fill,
		Parse: func(_ context.Context, _ *remote.Lists, _ string, b []byte) (objectList, error) {
			var all []json.RawMessage
			err := json.Unmarshal(b, &all)
			return objectList{load.NewShown(b), len(all)}, err
		},
	}
}

// formulaList returns the doc's formulas, without values.
func (s *docs) formulaList(ctx context.Context, l *remote.Lists) (objectList, error) {
	return get(ctx, &s.formulas, l, "")
}

// controlList returns the doc's controls, without values.
func (s *docs) controlList(ctx context.Context, l *remote.Lists) (objectList, error) {
	return get(ctx, &s.controls, l, "")
}

// permissionList returns the doc's permissions. They may be as old as Options.Refresh, or as the last answer while the service
// is away.
func (s *docs) permissionList(ctx context.Context, l *remote.Lists) (objectList, error) {
	return get(ctx, &s.permissions, l, "")
}

// permissionsJSON makes the file of the permissions. They have no stamp, so opening the file looks for newer ones.
func (d doc) permissionsJSON(name string) *remote.File {
	f := d.NewShownFile(name, "", d.Object(fs.KindPermissions, "doc"), func(ctx context.Context) (*load.Shown, time.Time, error) {
		l := d.Current()
		o, err := d.s.permissionList(ctx, l)
		return o.json, l.Item.Stamp, err
	})
	f.Reload = func() { d.s.permissions.Renew(d.Current()) }
	return f
}

// formulasJSON makes the file of the formulas with their values: one request each.
func (d doc) formulasJSON(name string) *remote.File {
	return d.objectsJSON(name, fs.KindFormulas, (*docs).formulaList, func(ctx context.Context, id string) (json.RawMessage, error) {
		f, err := d.s.api.Formula(ctx, d.ID, id)
		return f.Raw, err
	}, func(ctx context.Context, id string) (bool, error) {
		return lacks(d.s.api.Formulas(ctx, d.ID), id, func(f coda.Formula) string { return f.ID })
	})
}

// controlsJSON makes the file of the controls with their values: one request each.
func (d doc) controlsJSON(name string) *remote.File {
	return d.objectsJSON(name, fs.KindControls, (*docs).controlList, func(ctx context.Context, id string) (json.RawMessage, error) {
		c, err := d.s.api.Control(ctx, d.ID, id)
		return c.Raw, err
	}, func(ctx context.Context, id string) (bool, error) {
		return lacks(d.s.api.Controls(ctx, d.ID), id, func(c coda.Control) string { return c.ID })
	})
}

// objectsJSON makes the file of a list's objects. get requests one object; gone reports whether a fresh list lacks it.
func (d doc) objectsJSON(name string, kind fs.Kind, list func(*docs, context.Context, *remote.Lists) (objectList, error),
	get func(ctx context.Context, id string) (json.RawMessage, error), gone func(ctx context.Context, id string) (bool, error)) *remote.File {
	computed := fs.ComputedCalculated // somebody set the value of a control, or it comes from a computed list
	if kind == fs.KindFormulas {
		computed = fs.ComputedVolatile
	}
	return d.NewFile(name, "", d.Object(kind, "doc"), objectsRenderer{d, list, get, gone, computed})
}

// objectsRenderer turns a list of references into a list of whole objects.
type objectsRenderer struct {
	d    doc
	list func(*docs, context.Context, *remote.Lists) (objectList, error)
	get  func(ctx context.Context, id string) (json.RawMessage, error)
	// gone reports whether a fresh list lacks an object.
	gone     func(ctx context.Context, id string) (bool, error)
	computed fs.Computed // how much of the values is computed, if there are any
}

// Version implements [remote.Renderer].
func (m objectsRenderer) Version(ctx context.Context) (fs.Version, error) {
	v, _, err := m.at(ctx)
	return v, err
}

// at returns the current version. It hashes the references and, since values have no stamps, the doc's stamp: an edit of the
// doc may change any value, a change without one is found when the file is fetched anew (fs.Computed).
func (m objectsRenderer) at(ctx context.Context) (fs.Version, objectList, error) {
	l := m.d.Current()
	list, err := m.list(m.d.s, ctx, l)
	if err != nil {
		return fs.Version{}, list, err
	}
	v := fs.NewVersionHash("objects " + list.json.Sum())
	v.Add(m.d.ID, l.Item.Stamp)
	if list.count > 0 {
		v.Computes(m.computed)
	}
	return v.Version(m.d.s.t.Now()), list, nil
}

// Describe implements [remote.Describer]: an entry has the number of objects.
func (m objectsRenderer) Describe(ctx context.Context, e *fs.Entry) error {
	_, list, err := m.at(ctx)
	e.Rows = int64(list.count)
	if m.d.s.t.Fatal(ctx, err) {
		return err
	}
	return nil
}

// Render requests the objects in parallel, and writes them in the order of the list. All are in memory before the first
// is written, so the one that fails costs no half of a file.
func (m objectsRenderer) Render(ctx context.Context, v fs.Version, w io.Writer, _ *remote.Try) error {
	now, list, err := m.at(ctx)
	if err != nil {
		return err
	}
	if now.Key != v.Key {
		return fs.ErrStale
	}
	b, err := list.json.Bytes(ctx)
	if err != nil {
		return err
	}
	var refs []json.RawMessage
	if err := json.Unmarshal(b, &refs); err != nil {
		return err
	}
	whole := make([]json.RawMessage, len(refs))
	err = m.d.s.t.Parallel(ctx, len(refs), func(ctx context.Context, i int) (err error) {
		whole[i], err = m.whole(ctx, refs[i])
		return err
	})
	if err != nil {
		return err
	}
	a := render.NewArray(w)
	for _, raw := range whole {
		if err := a.Add(raw); err != nil {
			return err
		}
	}
	return a.Close()
}

// whole returns the object of a reference. If the object is gone since it was listed, or cannot be asked for, the
// reference stays; if it is still listed but cannot be read, that is a failure.
func (m objectsRenderer) whole(ctx context.Context, ref json.RawMessage) (json.RawMessage, error) {
	var of struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(ref, &of) != nil || !fs.ValidID(of.ID) {
		return ref, nil
	}
	raw, err := m.get(ctx, of.ID)
	if !notExist(err) {
		return raw, err
	}
	gone, listErr := m.gone(ctx, of.ID)
	if listErr != nil {
		return nil, listErr
	}
	if !gone {
		return nil, err
	}
	return ref, nil
}

// lacks reports whether no item of a list has an id. A list that breaks off proves nothing: then there is the error.
func lacks[T any](items iter.Seq2[T, error], id string, idOf func(T) string) (bool, error) {
	for v, err := range items {
		if err != nil || idOf(v) == id {
			return false, err
		}
	}
	return true, nil
}
