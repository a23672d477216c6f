/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/prepare-life.h"

static const HealthAction actions[_CONTAINER_ON_FAILURE_MAX] = {
        [CONTAINER_ON_FAILURE_UNSET] = HEALTH_ACTION_STATUS,
        [CONTAINER_ON_FAILURE_STATUS] = HEALTH_ACTION_STATUS,
        [CONTAINER_ON_FAILURE_RESTART] = HEALTH_ACTION_RESTART,
        [CONTAINER_ON_FAILURE_STOP] = HEALTH_ACTION_STOP,
        [CONTAINER_ON_FAILURE_KILL] = HEALTH_ACTION_KILL,
};

static void prepare_health(const ContainerHealth *h, HealthParams *params) {
        if (!container_health_is_checked(h))
                return;
        params->command = g_strdupv(h->command);
        if (h->interval_usec > 0)
                params->interval_usec = h->interval_usec;
        if (h->timeout_usec > 0)
                params->timeout_usec = h->timeout_usec;
        if (h->retries > 0)
                params->retries = h->retries;
        params->start_period_usec = h->start_period_usec;
        params->on_failure = actions[h->on_failure];
}

void prepare_life(const ContainerFile *container, UnitParams *params) {
        params->reload_command = g_strdupv(container->reload_cmd);
        params->reload_signal = container->reload_signal;
        prepare_health(&container->health, &params->health);
}
