/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Starting services: one that is just ending, from its own ExecStopPost=, small transient ones, and what a
 * service needs. */

#include "unit/manager.h"

/* Has systemd start a service again as soon as it has ended, from ExecStopPost= of that service. What it
 * ended of is forgotten: it does not fail (OnFailure=, Restart=, StartLimitBurst=), and what depends on it
 * is not restarted. A job that stops the service, or comes to stop it later, wins. job is the kind of its
 * job now (NULL: none). Waits for systemd's answers, not for the start. Logs. -EDEADLK: the service is to be
 * stopped. */
int service_start_again(Manager *m, const char *service, const char *job);

/* Starts a service that waits for its RestartSec=, without what depends on it. Does not wait for the job.
 * Logs. */
int service_start_at_once(Manager *m, const char *service);

/* Has systemd read its units again, and waits until it has. Logs. */
int manager_reload(Manager *m);

/* Starts what a service needs that is being started itself, and waits for that of it which it comes after:
 * for a service whose dependencies were not known when its start began. Logs. -EUNATCH: what it requires is
 * not active. */
int service_start_dependencies(Manager *m, const char *service);

/* Starts a transient service that executes argv (argv[0] is a path) and is forgotten when it has ended. Does
 * not wait for the job. Logs. */
int service_start_transient(Manager *m, const char *name, const char *description, char *const *argv);
