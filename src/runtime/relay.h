/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a payload writes to stdout and stderr, as journal entries of the unit. journald attributes what it
 * reads from a stream to the cgroup of the writer, which is the scope's: sent from the supervisor, the lines
 * belong to the service, and OBJECT_PID= makes journald add what it knows of the payload.
 *
 * Nothing is dropped here: while journald does not take entries, nothing is read, and a payload whose FIFO
 * is full waits in write(2). */

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"
#include "runtime/log-settings.h"

typedef struct Relay Relay;

/* Makes (or takes over) a FIFO in the unit's directory and passes on what is written into it. id is the
 * container's. Logs. */
int relay_new(sd_event *event, int dir_fd, const char *name, const char *id, Relay **ret);

/* The payload's end of the FIFO; the caller closes it when the payload has it. It is open for reading, too,
 * so that the payload never gets EPIPE, whatever becomes of us. */
int relay_take_write_fd(Relay *r);

/* What else is known of the payload, for its entries. */
typedef struct RelayOrigin {
        const LogSettings *settings;
        const char *image;   /* name of the image; NULL: not known */
        const char *scope;   /* unit that the payload is in; NULL: none */
        const char *service; /* unit that we are in; NULL: none */
        bool user;           /* units of a user's systemd */
} RelayOrigin;

/* Called before relay_set_payload(). */
void relay_set_origin(Relay *r, const RelayOrigin *origin);

/* From now on lines are the payload's; before that they are what the runtime says while it makes the
 * container. */
void relay_set_payload(Relay *r, pid_t pid);

/* The same for a payload that has been running: what is in the FIFO already is its, too. */
void relay_adopt_payload(Relay *r, pid_t pid);

/* What a line without "<N>" in front is, unless the settings of the unit say otherwise: LOG_INFO unless
 * set. */
void relay_set_priority(Relay *r, int priority);

/* Passes on what is in the FIFO now; at_end: the last line too, if it has no newline. Waits for a journald
 * that is busy, but not for ever. Does not log. */
void relay_drain(Relay *r, bool at_end);

void relay_free(Relay *r);
DEFINE_CLEANUP(Relay *, relay_free);
