/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From an init that has taken all its steps to the payload. */

#include "sandbox/child.h"

/* Runs the hooks of that kind in this process's namespaces; nothing for exec. Logs. */
int child_run_hooks(SandboxContext *context, SpecHookKind kind, const char *status);

/* Waits for the start and executes the payload. Returns only when that fails; logs. Ends the process when
 * nobody is left who could start it. */
int child_execute(SandboxContext *context);
