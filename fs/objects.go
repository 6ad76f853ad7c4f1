package fs

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs/render"
)

// errOversized is the reason why lists of a doc over the API's size limit are missing.
var errOversized = errors.New("the doc is larger than Coda's API allows (125 MB); make it smaller, or split it")

// objectFile is a file with the smaller objects of a doc. If the token may not see them it is left out; the doc still
// counts as complete.
type objectFile struct {
	kind Kind
	list func(*docs, context.Context, *lists) (objectList, error)
	file func(d doc, name string) *file
}

var objectFiles = map[string]objectFile{
	"formulas.json":    {KindFormulas, (*docs).formulaList, doc.formulasJSON},
	"controls.json":    {KindControls, (*docs).controlList, doc.controlsJSON},
	"permissions.json": {KindPermissions, (*docs).permissionList, doc.permissionsJSON},
}

// withheld reports whether an error of the list means that the token may not see it. For permissions the service
// answers 401 to a token for single docs; elsewhere 401 means that the token is invalid.
func (o objectFile) withheld(s *docs, err error) bool {
	return s.refused(err) || o.kind == KindPermissions && s.class(err) == classToken
}

// objectList is a doc's permissions, or references to its formulas or controls. References have no value; values are
// fetched with the content.
type objectList struct {
	json  *shown
	count int
}

func (s *docs) formulaLists() list[objectList] {
	return objectLists(KindFormulas, func(ctx context.Context, l *lists, _ string, w io.Writer, t *try) error {
		all := once(t, s.api.Formulas(ctx, l.u.id), func(f coda.Formula) string { return f.ID })
		return writeList(w, all, func(f coda.Formula) json.RawMessage { return f.Raw })
	})
}

func (s *docs) controlLists() list[objectList] {
	return objectLists(KindControls, func(ctx context.Context, l *lists, _ string, w io.Writer, t *try) error {
		all := once(t, s.api.Controls(ctx, l.u.id), func(c coda.Control) string { return c.ID })
		return writeList(w, all, func(c coda.Control) json.RawMessage { return c.Raw })
	})
}

// permissionLists have no stamp.
func (s *docs) permissionLists() list[objectList] {
	lists := objectLists(KindPermissions, func(ctx context.Context, l *lists, _ string, w io.Writer, t *try) error {
		all := once(t, s.api.Permissions(ctx, l.u.id), func(p coda.Permission) string { return p.ID })
		return writeList(w, all, func(p coda.Permission) json.RawMessage { return p.Raw })
	})
	lists.unstamped = true
	return lists
}

// objectLists are lists of references, or of permissions.
func objectLists(kind Kind, fill func(ctx context.Context, l *lists, id string, w io.Writer, t *try) error) list[objectList] {
	return list[objectList]{kind: kind, path: string(kind) + ".json", fill: fill,
		parse: func(_ context.Context, _ *lists, _ string, b []byte) (objectList, error) {
			var all []json.RawMessage
			err := json.Unmarshal(b, &all)
			return objectList{&shown{bytes: b}, len(all)}, err
		},
	}
}

func (s *docs) formulaList(ctx context.Context, l *lists) (objectList, error) {
	return get(ctx, &s.formulas, l, "")
}

func (s *docs) controlList(ctx context.Context, l *lists) (objectList, error) {
	return get(ctx, &s.controls, l, "")
}

func (s *docs) permissionList(ctx context.Context, l *lists) (objectList, error) {
	return get(ctx, &s.permissions, l, "")
}

// permissionsJSON makes the file of the permissions. They have no stamp, so opening the file looks for newer ones.
func (d doc) permissionsJSON(name string) *file {
	f := newJSON(d.unit, name, "", d.object(KindPermissions, "doc"), func(ctx context.Context) (*shown, time.Time, error) {
		l := d.current()
		o, err := d.s.permissionList(ctx, l)
		return o.json, l.meta.stamp, err
	})
	f.renew = func() { d.s.permissions.renew(d.current()) }
	return f
}

func (d doc) formulasJSON(name string) *file {
	return d.objectsJSON(name, KindFormulas, (*docs).formulaList, func(ctx context.Context, id string) (json.RawMessage, error) {
		f, err := d.s.api.Formula(ctx, d.id, id)
		return f.Raw, err
	}, func(ctx context.Context, id string) (bool, error) {
		return lacks(d.s.api.Formulas(ctx, d.id), id, func(f coda.Formula) string { return f.ID })
	})
}

func (d doc) controlsJSON(name string) *file {
	return d.objectsJSON(name, KindControls, (*docs).controlList, func(ctx context.Context, id string) (json.RawMessage, error) {
		c, err := d.s.api.Control(ctx, d.id, id)
		return c.Raw, err
	}, func(ctx context.Context, id string) (bool, error) {
		return lacks(d.s.api.Controls(ctx, d.id), id, func(c coda.Control) string { return c.ID })
	})
}

// objectsJSON makes the file of a list's objects. get requests one object; gone reports whether a fresh list lacks it.
func (d doc) objectsJSON(name string, kind Kind, list func(*docs, context.Context, *lists) (objectList, error),
	get func(ctx context.Context, id string) (json.RawMessage, error), gone func(ctx context.Context, id string) (bool, error)) *file {
	computed := ComputedCalculated // somebody set the value of a control, or it comes from a computed list
	if kind == KindFormulas {
		computed = ComputedVolatile
	}
	return &file{u: d.unit, name: name, rel: name, obj: d.object(kind, "doc"), make: objectsMaker{d, list, get, gone, computed}}
}

// objectsMaker turns a list of references into a list of whole objects.
type objectsMaker struct {
	d    doc
	list func(*docs, context.Context, *lists) (objectList, error)
	get  func(ctx context.Context, id string) (json.RawMessage, error)
	// gone reports whether a fresh list lacks an object.
	gone     func(ctx context.Context, id string) (bool, error)
	computed Computed // how much of the values is computed, if there are any
}

func (m objectsMaker) version(ctx context.Context) (Version, error) {
	v, _, err := m.at(ctx)
	return v, err
}

// at returns the current version. It hashes the references and, since values have no stamps, the doc's stamp.
func (m objectsMaker) at(ctx context.Context) (Version, objectList, error) {
	l := m.d.current()
	list, err := m.list(m.d.s, ctx, l)
	if err != nil {
		return Version{}, list, err
	}
	v := newVersionHash("objects " + list.json.version(time.Time{}).Key)
	v.add(m.d.id, l.meta.stamp)
	if list.count > 0 {
		v.computes(m.computed)
	}
	return v.version(m.d.t.opts.Now()), list, nil
}

// describe implements describer: an entry has the number of objects.
func (m objectsMaker) describe(ctx context.Context, e *Entry) error {
	_, list, err := m.at(ctx)
	e.Rows = int64(list.count)
	if m.d.t.fatal(ctx, err) {
		return err
	}
	return nil
}

// make requests the objects in parallel, and writes them in the order of the list. All are in memory before the first
// is written.
func (m objectsMaker) make(ctx context.Context, v Version, w io.Writer, _ *try) error {
	now, list, err := m.at(ctx)
	if err != nil {
		return err
	}
	if now.Key != v.Key {
		return ErrStale
	}
	var refs []json.RawMessage
	if err := json.Unmarshal(list.json.bytes, &refs); err != nil {
		return err
	}
	whole := make([]json.RawMessage, len(refs))
	err = m.d.t.parallel(ctx, len(refs), func(ctx context.Context, i int) (err error) {
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
func (m objectsMaker) whole(ctx context.Context, ref json.RawMessage) (json.RawMessage, error) {
	var of struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(ref, &of) != nil || !validID(of.ID) {
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

// lacks reports whether no item of a list has an id.
func lacks[T any](items iter.Seq2[T, error], id string, idOf func(T) string) (bool, error) {
	for v, err := range items {
		if err != nil || idOf(v) == id {
			return false, err
		}
	}
	return true, nil
}
