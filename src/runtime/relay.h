/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a payload writes to stdout and stderr, as journal entries of the unit. journald attributes what it
 * reads from a stream to the cgroup of the writer, which is the scope's: sent from the supervisor, the lines
 * belong to the service, and OBJECT_PID= makes journald add what it knows of the payload. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"

/* ---- splitting into lines: pure ---- */

/* The longest line of one entry, as in journald. */
#define LINE_BUFFER_MAX (48U * 1024)

/* Bytes in front of a line that its receiver may overwrite. */
#define LINE_HEADROOM 8

typedef struct Line {
        char *text; /* not NUL-terminated, without its newline and the "<N>" in front */
        size_t size;
        int priority; /* syslog level */
        bool partial; /* the rest of the line comes as another one */
} Line;

typedef void (*LineHandler)(const Line *line, void *userdata);

typedef struct LineBuffer {
        char *data;  /* owned */
        size_t fill; /* bytes of a line whose end has not come yet */
        int default_priority;
        int priority; /* of the line that is being continued */
        bool continued;
} LineBuffer;

void line_buffer_init(LineBuffer *b, int default_priority);
void line_buffer_done(LineBuffer *b);

/* Where to read into, and how much fits (never 0). */
char *line_buffer_room(LineBuffer *b, size_t *ret_size);

/* Takes n bytes that were read into the room and hands out the lines that they complete. Empty lines are
 * left out, as journald does; a line that does not fit is handed out in parts, not inside of a UTF-8
 * character. */
void line_buffer_added(LineBuffer *b, size_t n, LineHandler handler, void *userdata);

/* Hands out the last line, although it has no newline. */
void line_buffer_flush(LineBuffer *b, LineHandler handler, void *userdata);

/* ---- the journal ---- */

typedef struct Relay Relay;

/* Whether a descriptor is the stream to the journal that systemd set up ($JOURNAL_STREAM, "DEVICE:INODE").
 * Does not log. */
bool relay_is_journal(int fd, const char *journal_stream);

/* Makes (or takes over) a FIFO in the unit's directory and passes on what is written into it. id is the
 * container's. Logs. */
int relay_new(sd_event *event, int dir_fd, const char *name, const char *id, Relay **ret);

/* The payload's end of the FIFO; the caller closes it when the payload has it. It is open for reading, too,
 * so that the payload never gets EPIPE, whatever becomes of us. */
int relay_take_write_fd(Relay *r);

/* From now on lines are the payload's; before that they are what the runtime says while it makes the
 * container. */
void relay_set_payload(Relay *r, pid_t pid);

/* The same for a payload that has been running: what is in the FIFO already is its, too. */
void relay_adopt_payload(Relay *r, pid_t pid);

/* What a line without "<N>" in front is: LOG_INFO unless set. */
void relay_set_priority(Relay *r, int priority);

/* Passes on what is in the FIFO now; at_end: the last line too, if it has no newline. Does not log. */
void relay_drain(Relay *r, bool at_end);

void relay_free(Relay *r);
DEFINE_CLEANUP(Relay *, relay_free);
