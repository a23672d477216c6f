// SPDX-License-Identifier: LGPL-2.1-or-later

// Package tap writes what a test finds to standard output, by the Test Anything Protocol. It has what the validation suite
// uses of github.com/mndrix/tap-go, which Debian does not have.
package tap

import (
	"encoding/json"
	"fmt"
	"strings"
)

// T is one test.
type T struct {
	count *int
	todo  string
}

// New begins a test.
func New() *T {
	return &T{count: new(int)}
}

// Header begins the output; with a plan of 0, AutoPlan has to end it.
func (t *T) Header(plan int) {
	fmt.Println("TAP version 13")
	if plan > 0 {
		fmt.Printf("1..%d\n", plan)
	}
}

// AutoPlan ends the output: as many assertions were planned as have been made.
func (t *T) AutoPlan() {
	fmt.Printf("1..%d\n", *t.count)
}

// Ok is an assertion.
func (t *T) Ok(holds bool, description string) {
	word := "ok"
	if !holds {
		word = "not ok"
	}
	*t.count++
	fmt.Printf("%s %d - %s%s\n", word, *t.count, t.todo, description)
}

// Pass is an assertion that holds.
func (t *T) Pass(description string) {
	t.Ok(true, description)
}

// Fail is one that does not.
func (t *T) Fail(description string) {
	t.Ok(false, description)
}

// Todo is the same test, whose assertions may fail.
func (t *T) Todo() *T {
	return &T{count: t.count, todo: "# TODO "}
}

// Skip stands for assertions that are not made.
func (t *T) Skip(count int, reason string) {
	for ; count > 0; count-- {
		*t.count++
		fmt.Printf("ok %d # SKIP %s\n", *t.count, reason)
	}
}

// Diagnostic is text for people.
func (t *T) Diagnostic(text string) {
	fmt.Println("# " + strings.ReplaceAll(text, "\n", "\n# "))
}

// Diagnosticf is the same, with a format.
func (t *T) Diagnosticf(format string, args ...interface{}) {
	t.Diagnostic(fmt.Sprintf(format, args...))
}

// YAML adds details to the assertion before it, in a subset of YAML that Python reads: JSON, on one line.
func (t *T) YAML(details interface{}) error {
	text, err := json.Marshal(details)
	if err == nil {
		fmt.Printf("  ---\n  %s\n  ...\n", text)
	}
	return err
}
