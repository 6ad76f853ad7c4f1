package fs

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/codafs/codafs/coda"
)

// errOversized is the reason why lists of a doc over the API's size limit are missing.
var errOversized = errors.New("the doc is larger than Coda's API allows (125 MB); make it smaller, or split it")

// objectFile is a file with the smaller objects of a doc. If the token may not see them it is left out; the doc still
// counts as complete.
type objectFile struct {
	kind Kind
	list func(*docLists, context.Context) (objectList, error)
	file func(d *doc, name string) *file
}

var objectFiles = map[string]objectFile{
	"formulas.json":    {KindFormulas, (*docLists).formulaList, (*doc).formulasJSON},
	"controls.json":    {KindControls, (*docLists).controlList, (*doc).controlsJSON},
	"permissions.json": {KindPermissions, (*docLists).permissionList, (*doc).permissionsJSON},
}

// withheld reports whether an error of the list means that the token may not see it. For permissions the service
// answers 401 to a token for single docs; elsewhere 401 means that the token is invalid.
func (o objectFile) withheld(err error) bool {
	return refused(err) || o.kind == KindPermissions && coda.CodeOf(err) == coda.CodeUnauthorized
}

// objectList is a doc's permissions, or references to its formulas or controls. References have no value; values are
// fetched with the content.
type objectList struct {
	json  *shown
	count int
}

func (l *docLists) formulaList(ctx context.Context) (objectList, error) {
	return l.objects(ctx, "formulas", func(l *docLists) *loader[objectList] { return l.formulas }, func(ctx context.Context, w io.Writer, t *try) error {
		all := once(t, l.d.t.src.Formulas(ctx, l.d.id), func(f coda.Formula) string { return f.ID })
		return writeList(w, all, func(f coda.Formula) json.RawMessage { return f.Raw })
	})
}

func (l *docLists) controlList(ctx context.Context) (objectList, error) {
	return l.objects(ctx, "controls", func(l *docLists) *loader[objectList] { return l.controls }, func(ctx context.Context, w io.Writer, t *try) error {
		all := once(t, l.d.t.src.Controls(ctx, l.d.id), func(c coda.Control) string { return c.ID })
		return writeList(w, all, func(c coda.Control) json.RawMessage { return c.Raw })
	})
}

func (l *docLists) permissionList(ctx context.Context) (objectList, error) {
	return l.objects(ctx, listPermissions, (*docLists).knownPermissions, func(ctx context.Context, w io.Writer, t *try) error {
		all := once(t, l.d.t.src.Permissions(ctx, l.d.id), func(p coda.Permission) string { return p.ID })
		return writeList(w, all, func(p coda.Permission) json.RawMessage { return p.Raw })
	})
}

// objects returns a list of references, or the permissions, like pageList.
func (l *docLists) objects(ctx context.Context, kind string, of func(*docLists) *loader[objectList], fill filler) (objectList, error) {
	return getList(ctx, l, kind, "", of, fill, func(_ context.Context, b []byte) (objectList, error) {
		var all []json.RawMessage
		err := json.Unmarshal(b, &all)
		return objectList{&shown{bytes: b}, len(all)}, err
	})
}

// knownPermissions returns the permissions as they were last asked for.
func (l *docLists) knownPermissions() *loader[objectList] {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.permissions
}

// renewPermissions makes the next use ask for permissions again if they are older than Options.Refresh.
func (l *docLists) renewPermissions() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.d.t.opts.Now()
	if _, known := l.permissions.known(); known && now.Sub(l.permissionsAt) > l.d.t.opts.Refresh {
		l.permissions, l.permissionsAt = newListLoader[objectList](l), now
	}
}

// permissionsJSON makes the file of the permissions. They have no stamp, so opening the file looks for newer ones.
func (d *doc) permissionsJSON(name string) *file {
	f := newJSON(d, name, "", d.object(KindPermissions, "doc"), func(ctx context.Context) (*shown, time.Time, error) {
		l := d.current()
		o, err := l.permissionList(ctx)
		return o.json, l.stamp, err
	})
	f.renew = func() { d.current().renewPermissions() }
	return f
}

func (d *doc) formulasJSON(name string) *file {
	return d.objectsJSON(name, KindFormulas, (*docLists).formulaList, func(ctx context.Context, id string) (json.RawMessage, error) {
		f, err := d.t.src.Formula(ctx, d.id, id)
		return f.Raw, err
	}, func(ctx context.Context, id string) (bool, error) {
		return lacks(d.t.src.Formulas(ctx, d.id), id, func(f coda.Formula) string { return f.ID })
	})
}

func (d *doc) controlsJSON(name string) *file {
	return d.objectsJSON(name, KindControls, (*docLists).controlList, func(ctx context.Context, id string) (json.RawMessage, error) {
		c, err := d.t.src.Control(ctx, d.id, id)
		return c.Raw, err
	}, func(ctx context.Context, id string) (bool, error) {
		return lacks(d.t.src.Controls(ctx, d.id), id, func(c coda.Control) string { return c.ID })
	})
}

// objectsJSON makes the file of a list's objects. get requests one object; gone reports whether a fresh list lacks it.
func (d *doc) objectsJSON(name string, kind Kind, list func(*docLists, context.Context) (objectList, error),
	get func(ctx context.Context, id string) (json.RawMessage, error), gone func(ctx context.Context, id string) (bool, error)) *file {
	computed := ComputedCalculated // somebody set the value of a control, or it comes from a computed list
	if kind == KindFormulas {
		computed = ComputedVolatile
	}
	return &file{d: d, name: name, rel: name, obj: d.object(kind, "doc"), make: objectsMaker{d, list, get, gone, computed}}
}

// objectsMaker turns a list of references into a list of whole objects.
type objectsMaker struct {
	d    *doc
	list func(*docLists, context.Context) (objectList, error)
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
	list, err := m.list(l, ctx)
	if err != nil {
		return Version{}, list, err
	}
	v := newVersionHash("objects " + list.json.version(time.Time{}).Key)
	v.add(m.d.id, l.stamp)
	if list.count > 0 {
		v.computes(m.computed)
	}
	return v.version(m.d.t.opts.Now()), list, nil
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
	a := newArrayWriter(w)
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
