/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What becomes of a service from now on, as systemd tells it while it happens. Nothing of it has to be asked
 * for, so it is known of a service, too, that ends at once and is forgotten. */

#include <stdbool.h>
#include <stdint.h>

#include "unit/manager.h"

typedef struct ServiceFate {
        bool begun;  /* it has been something else than inactive */
        bool active; /* it has been active */
        bool ended;  /* it is inactive or failed again, and no restart is about to come */
        char *result;
        char *invocation_id;           /* of its latest start; NULL: none yet */
        int code, status;              /* of the main process, as in siginfo_t; code 0: none has ended */
        uint64_t begin_usec, end_usec; /* CLOCK_MONOTONIC; 0: not known */
} ServiceFate;

typedef struct ServiceWatch ServiceWatch;

/* Called when the service has ended; once. */
typedef void (*ServiceEnded)(void *userdata);

/* Watches a service of our manager; it need not exist yet. Survives a re-execution of systemd. Logs. */
int service_watch_new(
                sd_event *event, const char *service, ServiceEnded handler, void *userdata,
                ServiceWatch **ret);

/* What is known. Borrowed. */
const ServiceFate *service_watch_fate(const ServiceWatch *watch);

/* Takes note of all that systemd said before this call. Waits for it, without running the event loop; may
 * call the handler. Does not log. */
int service_watch_sync(ServiceWatch *watch);

void service_watch_free(ServiceWatch *watch);
DEFINE_CLEANUP(ServiceWatch *, service_watch_free);
