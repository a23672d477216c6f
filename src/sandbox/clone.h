/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How init comes to be: which clone, and in which namespaces it starts. */

#include "sandbox/child.h"

/* Clones the process that runs child_run() with child_end as its channel. It is our child, whatever
 * namespaces it joins. Logs. Release with pidref_done(); start_time is not filled in. */
int clone_init(SandboxContext *context, int child_end, PidRef *ret);
