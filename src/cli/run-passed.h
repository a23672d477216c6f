/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What systemd-run has to be told of berth-run's command line. */

#include "cli/run-options.h"

/* Completes call->passed, with a NULL at its end. */
void run_pass_options(RunCall *call);
