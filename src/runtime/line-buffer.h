/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bytes that come in pieces, as lines. Pure. */

#include <stdbool.h>
#include <stddef.h>

/* The longest line of one entry, as in journald (LineMax= in journald.conf(5)). */
#define LINE_BUFFER_MAX (48U * 1024)

typedef struct Line {
        const char *text; /* in the buffer; not NUL-terminated, without its newline and the "<N>" in front */
        size_t size;
        int priority; /* syslog level */
        bool partial; /* the rest of the line comes as another one */
} Line;

typedef struct LineBuffer {
        char *data;        /* owned */
        size_t start, end; /* what has not been handed out */
        int default_priority;
        int priority;     /* of the line that is being continued */
        bool no_prefix;   /* "<N>" in front of a line is text like any other */
        bool continued;   /* the next line is the rest of the last one */
        size_t looked_at; /* bytes behind start in which there is no newline */
} LineBuffer;

void line_buffer_init(LineBuffer *b, int default_priority);
void line_buffer_done(LineBuffer *b);

/* Where to read into, and how much fits: never 0 after line_buffer_next() has returned false. Lines handed
 * out before are no longer valid. */
char *line_buffer_room(LineBuffer *b, size_t *ret_size);

/* n bytes were read into the room. */
void line_buffer_added(LineBuffer *b, size_t n);

/* The next line; false: there is none that is complete, or, with at_end, none at all: then the last one
 * needs no newline. Empty lines are left out, as by journald, and a carriage return in front of the newline;
 * all other bytes are kept. A line that is too long comes in parts, not cut inside of a UTF-8 character. The
 * text stays valid until line_buffer_room() is called. */
bool line_buffer_next(LineBuffer *b, bool at_end, Line *ret);
