/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which systemd it is that runs a generator. It does not say so, and the one that berth was built with can
 * be another. */

#include <sys/types.h>

/* From the text of /proc/PID/maps of a systemd, which has the version in the name of its own library.
 * -ENODATA: there is none. Pure. */
int manager_version_from_maps(const char *maps);

/* The lowest version whose library is in a directory. -ENODATA: there is none. */
int manager_version_installed(const char *directory);

/* The version of the systemd that a process is, or was forked from; where it may not be looked at, that
 * which is installed. Does not log. -ENODATA: it is no systemd, or one that does not tell; or the errno of
 * looking. */
int manager_version(pid_t pid);
