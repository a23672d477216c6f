/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names of signals, and the signal state that a process starts with. Nothing here logs. */

/* "TERM", "SIGTERM", "sigterm", "15", "RTMIN+3" -> number; -EINVAL when there is no such signal. */
int signal_from_string(const char *s);

/* "SIGTERM"; "SIGRTMIN+3" for real-time signals; NULL when there is no such signal. The result is static or
 * per call site overwritten (16 bytes given by the caller). */
const char *signal_to_string(int sig, char buffer[static 16]);

/* All signals to their default action and none blocked: what a payload expects. */
void signals_reset(void);
