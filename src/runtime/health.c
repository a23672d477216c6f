/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the rules of health. Who runs checks, and when, is the supervisor's business. */

#include "runtime/health.h"

#include <errno.h>
#include <glib.h>
#include <sys/wait.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/signal-util.h"

static const char *const status_names[_HEALTH_STATUS_MAX] = {
        [HEALTH_STARTING] = "starting",
        [HEALTH_HEALTHY] = "healthy",
        [HEALTH_UNHEALTHY] = "unhealthy",
};

static const char *const action_names[_HEALTH_ACTION_MAX] = {
        [HEALTH_ACTION_STATUS] = "status",
        [HEALTH_ACTION_RESTART] = "restart",
        [HEALTH_ACTION_STOP] = "stop",
        [HEALTH_ACTION_KILL] = "kill",
};

static int find_name(const char *const *names, int n, const char *s) {
        for (int i = 0; i < n; i++)
                if (streq(names[i], s))
                        return i;
        return -EINVAL;
}

const char *health_status_to_string(HealthStatus status) {
        return status_names[status];
}

int health_status_from_string(const char *s) {
        return find_name(status_names, _HEALTH_STATUS_MAX, s);
}

const char *health_action_to_string(HealthAction action) {
        return action_names[action];
}

int health_action_from_string(const char *s) {
        return find_name(action_names, _HEALTH_ACTION_MAX, s);
}

void health_params_done(HealthParams *params) {
        g_strfreev(params->command);
        *params = HEALTH_PARAMS_NULL;
}

bool health_result_is_good(const HealthResult *result) {
        return !result->timed_out && result->code == CLD_EXITED && result->status == 0;
}

char *health_result_describe(const HealthResult *result, uint64_t timeout_usec) {
        char name[16];

        if (result->timed_out) {
                _cleanup_free_ char *span = time_span_to_string(timeout_usec);

                return g_strdup_printf("not finished within %s", span);
        }
        if (result->code == CLD_EXITED)
                return g_strdup_printf("exit status %d", result->status);
        return g_strdup_printf("killed by %s", signal_to_string(result->status, name) ?: "a signal");
}

static bool in_start_period(const Health *h, const HealthParams *params, uint64_t now_usec) {
        return h->status == HEALTH_STARTING && now_usec - h->started_usec < params->start_period_usec;
}

bool health_update(Health *h, const HealthParams *params, bool good, uint64_t now_usec) {
        HealthStatus before = h->status;

        if (good) {
                h->status = HEALTH_HEALTHY;
                h->failing_streak = 0;
        } else if (!in_start_period(h, params, now_usec)) {
                if (h->failing_streak < UINT32_MAX)
                        h->failing_streak++;
                if (h->failing_streak >= params->retries)
                        h->status = HEALTH_UNHEALTHY;
        }
        return h->status != before;
}

uint64_t health_next_interval(const Health *h, const HealthParams *params, uint64_t now_usec) {
        return in_start_period(h, params, now_usec) ? MIN(params->interval_usec, HEALTH_START_INTERVAL_USEC)
                                                    : params->interval_usec;
}

char *health_status_text(const Health *h, const char *last) {
        if (h->status != HEALTH_UNHEALTHY)
                return g_strdup(status_names[h->status]);
        return g_strdup_printf(
                        "unhealthy: %u %s failed, last: %s", h->failing_streak,
                        h->failing_streak == 1 ? "check" : "checks", last ?: "unknown");
}
