/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What passes from the service to its container: the variables that systemd sets for the main process
 * (systemd.exec(5), "Environment variables set or propagated by the service manager"), and what else the
 * supervisor knows from there. Nothing of the service's environment gets in that is not named here. */

#include <stdbool.h>

#include "basic/cleanup.h"
#include "config/unit-mounts.h"
#include "notify/listen-fds.h"

/* Which variables a payload gets beside LISTEN_*. */
typedef enum ServiceEnv {
        SERVICE_ENV_NOTIFY = 1 << 0, /* what says how to use sd_notify(3) */
        SERVICE_ENV_UNIT = 1 << 1,   /* what says which unit it is */
} ServiceEnv;

/* The variables for the payload, "NAME=value": LISTEN_* when there are descriptors, and those of the table
 * in the .c file that which (ServiceEnv bits) asks for. own_pid is this process: variables that name another
 * one are not for us. Values that only the payload's init can know (its pid) are left empty for it to fill
 * in. Reads the environment. Caller frees. */
char **service_env_for_payload(const ListenFds *listen, pid_t own_pid, unsigned which);

/* The directories that systemd made for the unit: its credentials, and StateDirectory= and its kin. Reads
 * the environment. An array of UnitDirectory; caller unrefs. */
GArray *service_directories(void);

/* The few variables that berth create and the hooks it runs need. Caller frees. */
char **service_env_for_runtime(void);

/* Whether the unit keeps descriptors ($FDSTORE, which systemd sets since version 254). */
bool service_has_fd_store(void);

/* The name of the unit that this process is the main process of. Caller frees. -ENODATA: it is in none. Does
 * not log. */
int service_own_unit(char **ret);

/* CLOCK_MONOTONIC of a process's time namespace minus that of the host, in microseconds; 0 where there are
 * no time namespaces. Does not log. */
int64_t service_clock_offset_usec(pid_t pid);

/* The same from the text of /proc/PID/timens_offsets (time_namespaces(7)). Pure. */
int64_t service_parse_clock_offset(const char *text);
