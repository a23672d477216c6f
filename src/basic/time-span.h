/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Lengths of time as people write them. Pure. */

#include <stdint.h>

/* Longer than anything: what "infinity" means. */
#define TIME_SPAN_FOREVER UINT64_MAX

/* "90", "1min 30s", "1.5h", "1m30s", "500ms": the units of systemd.time(7) and of Go, added up; a number
 * without a unit is seconds. Microseconds in *ret. -EINVAL: not a length of time; -ERANGE: too long. */
int parse_time_span(const char *s, uint64_t *ret);

/* "1min 30s", the way systemd writes it. Caller frees. */
char *time_span_to_string(uint64_t usec);
