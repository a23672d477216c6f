// SPDX-License-Identifier: LGPL-2.1-or-later

// Program validate runs one test of the validation suite: those of tests.go, which `build` writes.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: validate TEST, or list")
		os.Exit(2)
	}
	if os.Args[1] == "list" {
		for name := range tests {
			fmt.Println(name)
		}
		return
	}
	run, known := tests[os.Args[1]]
	if !known {
		fmt.Fprintf(os.Stderr, "validate: no test '%s'\n", os.Args[1])
		os.Exit(2)
	}
	run()
}
