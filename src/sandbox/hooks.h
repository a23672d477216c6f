/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Hooks of the configuration (config.md, "POSIX-platform Hooks"): programs that get the container's state on
 * stdin. */

#include "spec/spec.h"

/* Runs the hooks of a kind one after the other, each with state (JSON, one line) on its stdin and its own
 * environment (ours, when it has none, as runc does); the first failure ends it, but for poststop. Logs; the
 * message names the hook by its JSON pointer, how it ended, and the last of what it wrote to stderr.
 * -ETIMEDOUT: it ran longer than its timeout, and was killed; -ECHILD: it failed; the errno of executing it.
 */
int hooks_run(const Spec *spec, SpecHookKind kind, const char *state);
