/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Points in time as "berth state" shows them. Nothing here logs. */

#include <time.h>

/* RFC 3339 in UTC with nanoseconds. Caller frees. Pure. */
char *timestamp_format(const struct timespec *time);

/* The same for now. */
char *timestamp_now(void);
