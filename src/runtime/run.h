/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* create and start in one go. */

#include "runtime/create.h"

/* Runs a container; without options->detach waits for its end, deletes it (unless options->keep) and tells
 * its exit status (else 0). Logs. The outcomes of creation_new(). */
int container_run(const CreateOptions *options, int *ret_status);
