/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Containers by pattern, as crun's kill and delete take them. */

/* The ids in ROOT that match an extended regular expression (regex(7)) somewhere, sorted. Caller frees.
 * Logs. -EINVAL: it is none. */
int containers_matching(const char *root, const char *pattern, char ***ret);
