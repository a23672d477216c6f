/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the supervisor has found out about a container's health, for "berth state" and for the next
 * supervisor: the file "health" in the state directory. Nothing here logs. */

#include "basic/json-text.h"
#include "runtime/health.h"

typedef struct HealthRecord {
        HealthStatus status;
        uint32_t failing_streak;
        char *start, *end; /* of the last check, RFC 3339; NULL: there was none */
        int exit_code;     /* of the last check, as a shell has it; -1: it was not finished in time */
        char *output;      /* of the last check */
} HealthRecord;

void health_record_done(HealthRecord *record);

/* Writes the file, in one step. */
int health_record_write(const char *root, const char *id, const HealthRecord *record);

/* -ENOENT: the container is not checked; -EBADMSG: the file is damaged. */
int health_record_read(const char *root, const char *id, HealthRecord *ret);

/* Adds the member "health" of "berth state", which looks as Docker and Podman show it, if the container is
 * checked. */
void health_record_append(JsonText *json, const char *root, const char *id);
