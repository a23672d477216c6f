/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The record that a container has been reported ready to its service manager: a file in its state directory,
 * whose time is when that was. It lives as long as the container does, so who takes one over knows what has
 * been said. Nothing here logs. */

#include <stdbool.h>

/* Records that READY=1 is said now. Only the first time counts. The errno of making the file. */
int ready_record(const char *root, const char *id);

/* When it was (RFC 3339, nanoseconds); NULL: not yet, or there is no such container. Caller frees. */
char *ready_time(const char *root, const char *id);
