/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bytes that come in pieces, as lines. They can be in a file, so that who comes after a process that was
 * killed goes on where that was, with the middle of a line, too. Nothing here logs. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest line of one entry, as in journald (LineMax= in journald.conf(5)). */
#define LINE_BUFFER_MAX (48U * 1024)

typedef struct Line {
        const char *text; /* in the buffer; not NUL-terminated, without its newline and the "<N>" in front */
        size_t size;
        int priority; /* syslog level */
        bool partial; /* the rest of the line comes as another one */
} Line;

/* What a successor has to know, in front of the data in the file. */
typedef struct LineCarry {
        uint64_t span;   /* of what has not been passed on: its start, and its end in the upper half */
        uint32_t coming; /* bytes that are being read behind that */
        int32_t priority;
        uint32_t continued;
} LineCarry;

typedef struct LineBuffer {
        LineCarry *carry; /* owned, or the file's */
        int fd;           /* the file; -EBADF: none */
        size_t line_start;
        bool line_continued; /* before the line that line_buffer_next() has returned last */
        char *data;          /* behind carry */
        size_t start, end;   /* what has not been handed out */
        int default_priority;
        int priority;     /* of the line that is being continued */
        bool no_prefix;   /* "<N>" in front of a line is text like any other */
        bool continued;   /* the next line is the rest of the last one */
        size_t looked_at; /* bytes behind start in which there is no newline */
} LineBuffer;

void line_buffer_init(LineBuffer *b, int default_priority);
void line_buffer_done(LineBuffer *b);

/* The same in a file of a directory, which stays; what is in there is handed out first. Where that cannot be
 * (no room), it is in memory alone. */
void line_buffer_init_file(LineBuffer *b, int default_priority, int dir_fd, const char *name);

/* Where to read into, and how much fits: never 0 after line_buffer_next() has returned false. Lines handed
 * out before are no longer valid. */
char *line_buffer_room(LineBuffer *b, size_t *ret_size);

/* n bytes are going to be read into the room, which this may move. Returns where to read to. */
char *line_buffer_expect(LineBuffer *b, size_t n);

/* Nothing more gets into the file: from now on in memory alone. */
void line_buffer_leave_file(LineBuffer *b);

/* n bytes were read into the room. */
void line_buffer_added(LineBuffer *b, size_t n);

/* The next line; false: there is none that is complete, or, with at_end, none at all: then the last one
 * needs no newline. Empty lines are left out, as by journald, and a carriage return in front of the newline;
 * all other bytes are kept. A line that is too long comes in parts, not cut inside of a UTF-8 character. The
 * text stays valid until line_buffer_room() is called. */
bool line_buffer_next(LineBuffer *b, bool at_end, Line *ret);

/* The last line is being passed on: a successor does not get it. Or it could not be: a successor does. */
void line_buffer_commit(LineBuffer *b);
void line_buffer_revoke(LineBuffer *b);
