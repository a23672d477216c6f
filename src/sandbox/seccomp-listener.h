/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How the listener of a filter with SCMP_ACT_NOTIFY gets to the agent at linux.seccomp.listenerPath
 * (config-linux.md, "Seccomp"). Once the filter is loaded, any system call of init may wait for that agent:
 * so init does none, and the runtime fetches the descriptor. All functions log. */

#include "basic/process-util.h"
#include "basic/report.h"
#include "spec/spec.h"

typedef struct SeccompHandover SeccompHandover;

/* In the child, before the filter is loaded: tells which number the listener is going to have, and where it
 * has to go. No descriptor may be opened or closed until the filter is loaded. The result is never freed: it
 * ends with exec. */
int seccomp_listener_announce(int report_fd, const Spec *spec, SeccompHandover **ret);

/* In the child, when it is loaded: returns when the agent has the listener. Without any system call; dies
 * when nobody comes. */
void seccomp_listener_wait(SeccompHandover *handover);

/* In the runtime: takes the announced listener from init and sends it to the agent, with a
 * ContainerProcessState (runtime.md) that contains state (JSON). When that fails init is killed: it could
 * never go on. Success as well when init died before: it has said why. */
int seccomp_listener_forward(const Report *announcement, const PidRef *init, const char *state);
