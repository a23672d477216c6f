/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the bytes between a read and the journal. A process may be killed between any two instructions. What
 * says which bytes are left is therefore changed in one step, and no byte that is left is moved over another
 * one. */

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/line-buffer.h"

#include "basic/cleanup.h"

/* Room for the longest line and a newline behind it, after one that has been handed out and is as long. */
#define LINE_BUFFER_SIZE (2 * (LINE_BUFFER_MAX + 1))

/* Lies where bytes will be read to: they have come when it is gone. Not UTF-8, so no text begins like it. */
static const char mark[16] = "\xf8\xff\xfa\xf9\xfe\xfb\xfd\xfc\xf8\xfe\xff\xfb\xf9\xfd\xfa\xfc";

#define FILE_SIZE (sizeof(LineCarry) + LINE_BUFFER_SIZE + sizeof mark)

static void publish(LineBuffer *b, size_t start) {
        __atomic_store_n(&b->carry->span, (uint64_t) start | (uint64_t) b->end << 32, __ATOMIC_RELEASE);
}

static void attach(LineBuffer *b, LineCarry *carry) {
        b->carry = carry;
        b->data = (char *) (carry + 1);
}

void line_buffer_init(LineBuffer *b, int default_priority) {
        *b = (LineBuffer) { .fd = -EBADF, .default_priority = default_priority };
        attach(b, g_malloc(FILE_SIZE));
        *b->carry = (LineCarry) { 0 };
}

void line_buffer_done(LineBuffer *b) {
        if (b->fd >= 0)
                (void) munmap(b->carry, FILE_SIZE);
        else
                g_free(b->carry);
        closep(&b->fd);
        *b = (LineBuffer) { .fd = -EBADF };
}

/* The first page is there from now on; others come with what is read into them. */
static int map_file(int dir_fd, const char *name, LineCarry **ret) {
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        const LineCarry empty = { 0 };
        struct stat st;
        void *p;

        if (fd < 0 || fstat(fd, &st) < 0)
                return negative_errno();
        if (st.st_size != FILE_SIZE &&
            (ftruncate(fd, FILE_SIZE) < 0 || pwrite(fd, &empty, sizeof empty, 0) != sizeof empty))
                return negative_errno();
        p = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
                return negative_errno();
        *ret = p;
        return TAKE_FD(fd);
}

static void take_over(LineBuffer *b) {
        size_t start = (uint32_t) b->carry->span, end = b->carry->span >> 32, n = b->carry->coming;

        if (start > end || end > LINE_BUFFER_SIZE || n > LINE_BUFFER_SIZE - end)
                start = end = n = 0;
        if (n > 0 && memcmp(b->data + end, mark, MIN(n, sizeof mark)) != 0)
                end += n;
        b->start = start;
        b->end = end;
        b->priority = b->carry->priority;
        b->continued = b->carry->continued;
        publish(b, start);
        b->carry->coming = 0;
}

void line_buffer_init_file(LineBuffer *b, int default_priority, int dir_fd, const char *name) {
        LineCarry *carry;
        int fd;

        line_buffer_init(b, default_priority);
        fd = map_file(dir_fd, name, &carry);
        if (fd < 0)
                return;
        g_free(b->carry);
        b->fd = fd;
        attach(b, carry);
        take_over(b);
}

void line_buffer_leave_file(LineBuffer *b) {
        LineCarry *memory;

        if (b->fd < 0)
                return;
        memory = g_malloc(FILE_SIZE);
        memcpy(memory, b->carry, sizeof *memory + b->end);
        (void) munmap(b->carry, FILE_SIZE);
        closep(&b->fd);
        b->fd = -EBADF;
        attach(b, memory);
}

char *line_buffer_room(LineBuffer *b, size_t *ret_size) {
        size_t size = b->end - b->start;

        if (size <= b->start && b->start > 0) {
                memcpy(b->data, b->data + b->start, size);
                b->start = 0;
                b->end = size;
                publish(b, 0);
        }
        *ret_size = LINE_BUFFER_SIZE - b->end;
        return b->data + b->end;
}

char *line_buffer_expect(LineBuffer *b, size_t n) {
        if (b->fd >= 0) {
                /* A page that cannot be had would be SIGBUS. */
                if (pwrite(b->fd, mark, sizeof mark, (off_t) (sizeof(LineCarry) + b->end)) != sizeof mark)
                        line_buffer_leave_file(b);
                b->carry->coming = (uint32_t) n;
        }
        return b->data + b->end;
}

void line_buffer_added(LineBuffer *b, size_t n) {
        b->end += n;
        b->carry->coming = 0;
        publish(b, b->start);
}

void line_buffer_commit(LineBuffer *b) {
        b->carry->continued = b->continued;
        b->carry->priority = b->priority;
        publish(b, b->start);
}

void line_buffer_revoke(LineBuffer *b) {
        b->carry->continued = b->line_continued;
        publish(b, b->line_start);
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
                b->line_start = b->start;
                b->line_continued = b->continued;
                const char *text = b->data + b->start, *newline;
                size_t size = b->end - b->start;

                newline = memchr(text + b->looked_at, '\n', MIN(size, LINE_BUFFER_MAX + 1) - b->looked_at);
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
