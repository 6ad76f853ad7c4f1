package codatest

import "net/http"

// Only named formulas are listed. Lists show references; the value comes with get.

// listFormulas lists references to named formulas (Coda API 1.5.0, listFormulas).
func (c *call) listFormulas() (any, error) {
	return list(c, c.d.Formulas, mostLists, c.formula)
}

// getFormula gets a formula with its value, by id or name (Coda API 1.5.0, getFormula).
func (c *call) getFormula() (any, error) {
	f := byIDOrName(c.d.Formulas, c.args[1], func(f *Formula) (string, string) { return f.ID, f.Name })
	if f == nil {
		return nil, problem(http.StatusNotFound, "Could not find a formula with the specified ID or name.")
	}
	out := c.formula(f)
	out.Value = shown(c.d, f.Value, formatArrays)
	return out, nil
}

// formula is a reference to a formula.
func (c *call) formula(f *Formula) wireNamed {
	return wireNamed{ID: f.ID, Type: "formula", Href: c.href("formulas", f.ID), Name: f.Name, Parent: c.pageRefByID(f.Parent)}
}

// listControls lists references to controls (Coda API 1.5.0, listControls).
func (c *call) listControls() (any, error) {
	return list(c, c.d.Controls, mostLists, c.control)
}

// getControl gets a control with its type and value, by id or name (Coda API 1.5.0, getControl).
func (c *call) getControl() (any, error) {
	x := byIDOrName(c.d.Controls, c.args[1], func(x *Control) (string, string) { return x.ID, x.Name })
	if x == nil {
		return nil, problem(http.StatusNotFound, "Could not find a control with the specified ID or name.")
	}
	out := c.control(x)
	out.ControlType, out.Value = x.Type, shown(c.d, x.Value, formatArrays)
	return out, nil
}

// control is a reference to a control.
func (c *call) control(x *Control) wireNamed {
	return wireNamed{ID: x.ID, Type: "control", Href: c.href("controls", x.ID), Name: x.Name, Parent: c.pageRefByID(x.Parent)}
}
