/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is executed, with which environment and from where. In the child, with the payload's root, user and
 * rights. */

#include "spec/spec.h"

/* The file that args[0] means: a path as it is, a name searched in PATH of env. Logs, in the words that
 * engines look for
 * ("executable file not found in $PATH", "no such file or directory", "permission denied"). Caller frees. */
int executable_find(const char *const *args, const char *const *env, char **ret);

/* Whether process.cwd could be entered. Does not log. */
bool executable_try_cwd(const char *cwd);

/* Enters process.cwd, unless that has been done, and makes sure that it is inside of the root
 * (CVE-2024-21626). Logs. */
int executable_enter_cwd(const char *cwd, bool entered);

/* The payload's environment: base, replaced by or extended with additions; LISTEN_PID and WATCHDOG_PID of
 * additions become the caller's pid; HOME is added when there is none, or an empty one. Of a variable that
 * is in base twice the last one stays. Caller frees. */
char **executable_environment(const char *const *base, const char *const *additions, const char *home);
