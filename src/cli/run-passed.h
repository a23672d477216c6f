/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What systemd-run has to be told of berth-run's command line. */

#include "cli/run-options.h"

/* What stands behind a beginning ("--slice=") of an option that was passed; the last one counts, and one
 * that takes no value has "". NULL: it was not given. Borrowed. */
const char *run_passed_value(const RunCall *call, const char *beginning);

/* Completes call->passed, with a NULL at its end. */
void run_pass_options(RunCall *call);
