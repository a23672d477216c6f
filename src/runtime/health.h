/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How healthy a container is, from the results of its checks. The rules are those of Docker and Podman: one
 * success makes it healthy, so many failures in a row make it unhealthy, and failures in the start period do
 * not count until there has been a success. Pure. */

#include <stdbool.h>
#include <stdint.h>

#include "basic/time-span.h"

/* How often at most it is looked during the start period, where a failure does not matter and a success is
 * waited for. */
#define HEALTH_START_INTERVAL_USEC (5 * UINT64_C(1000000))

typedef enum HealthAction {
        HEALTH_ACTION_STATUS, /* only tell */
        HEALTH_ACTION_RESTART,
        HEALTH_ACTION_STOP,
        HEALTH_ACTION_KILL,
        _HEALTH_ACTION_MAX,
} HealthAction;

const char *health_action_to_string(HealthAction action);
int health_action_from_string(const char *s); /* -EINVAL */

typedef struct HealthParams {
        char **command; /* NULL: there are no checks */
        uint64_t interval_usec;
        uint64_t timeout_usec; /* TIME_SPAN_FOREVER: none */
        uint64_t start_period_usec;
        uint32_t retries;
        HealthAction on_failure;
} HealthParams;

#define HEALTH_PARAMS_NULL                                         \
        ((HealthParams) { .interval_usec = 30 * UINT64_C(1000000), \
                          .timeout_usec = 30 * UINT64_C(1000000),  \
                          .retries = 3 })

void health_params_done(HealthParams *params);

typedef enum HealthStatus {
        HEALTH_STARTING,
        HEALTH_HEALTHY,
        HEALTH_UNHEALTHY,
        _HEALTH_STATUS_MAX,
} HealthStatus;

const char *health_status_to_string(HealthStatus status);
int health_status_from_string(const char *s); /* -EINVAL */

typedef struct Health {
        HealthStatus status;
        uint32_t failing_streak;
        uint64_t started_usec; /* CLOCK_MONOTONIC: when the payload was executed */
} Health;

/* Text of a check's output that is kept. */
#define HEALTH_OUTPUT_MAX 500

/* How a check ended. */
typedef struct HealthResult {
        bool timed_out;
        int code, status;   /* as in siginfo_t */
        const char *output; /* what it wrote, cut; may be "" */
} HealthResult;

bool health_result_is_good(const HealthResult *result);

/* "exit status 1", "killed by SIGSEGV", "not finished within 30s". Caller frees. */
char *health_result_describe(const HealthResult *result, uint64_t timeout_usec);

/* Takes the result of a check that ended at now_usec into account. Returns whether the status has changed.
 */
bool health_update(Health *h, const HealthParams *params, bool good, uint64_t now_usec);

/* How long to wait for the next check. */
uint64_t health_next_interval(const Health *h, const HealthParams *params, uint64_t now_usec);

/* What systemctl status shows: "healthy", "unhealthy: 3 checks failed, last: exit status 1". Caller frees.
 */
char *health_status_text(const Health *h, const char *last);
