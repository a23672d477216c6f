/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/line-buffer.h"

#include "basic/cleanup.h"

/* One more than a line: a newline right behind the longest one is still seen. */
#define LINE_BUFFER_SIZE (LINE_BUFFER_MAX + 1)

void line_buffer_init(LineBuffer *b, int default_priority) {
        *b = (LineBuffer) { .data = g_malloc(LINE_BUFFER_SIZE), .default_priority = default_priority };
}

void line_buffer_done(LineBuffer *b) {
        g_free(b->data);
        *b = (LineBuffer) { 0 };
}

char *line_buffer_room(LineBuffer *b, size_t *ret_size) {
        if (b->start > 0) {
                memmove(b->data, b->data + b->start, b->end - b->start);
                b->end -= b->start;
                b->start = 0;
        }
        *ret_size = LINE_BUFFER_SIZE - b->end;
        return b->data + b->end;
}

void line_buffer_added(LineBuffer *b, size_t n) {
        b->end += n;
}

/* The bytes at the end of text that are the beginning of a UTF-8 character whose rest is missing. */
static size_t incomplete_character(const char *text, size_t size) {
        for (size_t n = 1; n <= 3 && n < size; n++) {
                unsigned char c = (unsigned char) text[size - n];

                if (c >= 0xc0)
                        return n < (c >= 0xf0 ? 4U : c >= 0xe0 ? 3U : 2U) ? n : 0;
                if (c < 0x80)
                        return 0;
        }
        return 0;
}

/* "<N>" as of sd-daemon(3), also with zeros in front, as journald takes it. Returns its length, 0: it is
 * none. */
static size_t parse_prefix(const char *text, size_t size, int *ret_priority) {
        int value = 0;

        if (size < 3 || text[0] != '<')
                return 0;
        for (size_t i = 1; i < size && i <= 4; i++) {
                if (text[i] == '>' && i > 1) {
                        *ret_priority = value;
                        return i + 1;
                }
                if (text[i] < '0' || text[i] > '9')
                        return 0;
                value = value * 10 + (text[i] - '0');
                if (value > 7)
                        return 0;
        }
        return 0;
}

static Line finish_line(LineBuffer *b, const char *text, size_t size, bool partial) {
        size_t prefix;

        if (!b->continued) {
                b->priority = b->default_priority;
                prefix = b->no_prefix ? 0 : parse_prefix(text, size, &b->priority);
                text += prefix;
                size -= prefix;
        }
        if (!partial && size > 0 && text[size - 1] == '\r')
                size--;
        b->continued = partial;
        return (Line) { .text = text, .size = size, .priority = b->priority, .partial = partial };
}

bool line_buffer_next(LineBuffer *b, bool at_end, Line *ret) {
        Line line = { .size = 0 };

        while (line.size == 0) {
                const char *text = b->data + b->start, *newline;
                size_t size = b->end - b->start;

                newline = memchr(text + b->looked_at, '\n', size - b->looked_at);
                if (newline) {
                        size_t length = (size_t) (newline - text);

                        line = finish_line(b, text, length, false);
                        b->start += length + 1;
                } else if (size > LINE_BUFFER_MAX) {
                        size = LINE_BUFFER_MAX - incomplete_character(text, LINE_BUFFER_MAX);
                        line = finish_line(b, text, size, true);
                        b->start += size;
                } else if (at_end && size > 0) {
                        line = finish_line(b, text, size, false);
                        b->start = b->end;
                } else {
                        b->looked_at = size;
                        return false;
                }
                b->looked_at = 0;
        }
        *ret = line;
        return true;
}
