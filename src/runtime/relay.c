/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the FIFOs between payload and supervisor, and the journal entries that come out. Nothing is allocated
 * per line: a field of an entry has to be contiguous, so "MESSAGE=" is written in front of the line, over
 * what was handed out before. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

/* Entries are the payload's: no CODE_FILE= of ours. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "runtime/relay.h"

#include "basic/log.h"

#define MESSAGE "MESSAGE="
static_assert(STRLEN(MESSAGE) <= LINE_HEADROOM, "the field's name has to fit in front of the line");

/* ---- lines ---- */

/* One more than a line: a newline right behind the longest one is still seen. */
#define LINE_BUFFER_SIZE (LINE_BUFFER_MAX + 1)

void line_buffer_init(LineBuffer *b, int default_priority) {
        *b = (LineBuffer) { .data = g_malloc(LINE_HEADROOM + LINE_BUFFER_SIZE),
                            .default_priority = default_priority };
}

void line_buffer_done(LineBuffer *b) {
        g_free(b->data);
        *b = (LineBuffer) { 0 };
}

char *line_buffer_room(LineBuffer *b, size_t *ret_size) {
        *ret_size = LINE_BUFFER_SIZE - b->fill;
        return b->data + LINE_HEADROOM + b->fill;
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

static void hand_out(LineBuffer *b, Line line, LineHandler handler, void *userdata) {
        if (!b->continued) {
                b->priority = b->default_priority;
                if (line.size >= 3 && line.text[0] == '<' && line.text[1] >= '0' && line.text[1] <= '7' &&
                    line.text[2] == '>') {
                        b->priority = line.text[1] - '0';
                        line.text += 3;
                        line.size -= 3;
                }
        }
        if (!line.partial && line.size > 0 && line.text[line.size - 1] == '\r')
                line.size--;

        line.priority = b->priority;
        b->continued = line.partial;
        if (line.size > 0)
                handler(&line, userdata);
}

void line_buffer_added(LineBuffer *b, size_t n, LineHandler handler, void *userdata) {
        char *start = b->data + LINE_HEADROOM, *scan = start + b->fill, *end = scan + n, *newline;

        while ((newline = memchr(scan, '\n', (size_t) (end - scan)))) {
                hand_out(b, (Line) { .text = start, .size = (size_t) (newline - start) }, handler, userdata);
                start = scan = newline + 1;
        }

        b->fill = (size_t) (end - start);
        if (b->fill > LINE_BUFFER_MAX) {
                size_t size = LINE_BUFFER_MAX - incomplete_character(start, LINE_BUFFER_MAX);

                hand_out(b, (Line) { .text = start, .size = size, .partial = true }, handler, userdata);
                start += size;
                b->fill -= size;
        }
        memmove(b->data + LINE_HEADROOM, start, b->fill);
}

void line_buffer_flush(LineBuffer *b, LineHandler handler, void *userdata) {
        hand_out(b, (Line) { .text = b->data + LINE_HEADROOM, .size = b->fill }, handler, userdata);
        b->fill = 0;
}

/* ---- the journal ---- */

typedef enum EntryField {
        FIELD_IDENTIFIER,
        FIELD_NAME,
        FIELD_ID,
        FIELD_ID_FULL,
        FIELD_PID,
        _FIELD_MAX,
} EntryField;

struct Relay {
        int fd;
        int write_fd; /* until it is taken */
        sd_event_source *source;
        LineBuffer lines;
        char *id;
        char *fields[_FIELD_MAX]; /* NULL: left out */
};

static struct iovec field_iovec(const char *field) {
        return (struct iovec) { .iov_base = (void *) field, .iov_len = strlen(field) };
}

static void send_line(const Line *line, void *userdata) {
        char priority[] = "PRIORITY=0";
        struct iovec iov[_FIELD_MAX + 3];
        Relay *r = userdata;
        int n = 0;

        priority[STRLEN("PRIORITY=")] = (char) ('0' + line->priority);
        memcpy(line->text - STRLEN(MESSAGE), MESSAGE, STRLEN(MESSAGE));
        iov[n++] = (struct iovec) { .iov_base = line->text - STRLEN(MESSAGE),
                                    .iov_len = line->size + STRLEN(MESSAGE) };
        iov[n++] = field_iovec(priority);
        for (size_t i = 0; i < _FIELD_MAX; i++)
                if (r->fields[i])
                        iov[n++] = field_iovec(r->fields[i]);
        if (line->partial)
                iov[n++] = field_iovec("CONTAINER_PARTIAL_MESSAGE=true");
        (void) sd_journal_sendv(iov, n); /* Without a journal there is nowhere to complain. */
}

/* Returns 1 when there was something, 0 when there is nothing now, -EPIPE at the end. */
static int read_some(Relay *r) {
        size_t room;
        char *p = line_buffer_room(&r->lines, &room);
        ssize_t n;

        do
                n = read(r->fd, p, room);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return errno == EAGAIN ? 0 : negative_errno();
        if (n == 0)
                return -EPIPE;
        line_buffer_added(&r->lines, (size_t) n, send_line, r);
        return 1;
}

static int on_readable(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Relay *r = userdata;

        /* All writers are gone: the event would come for ever. */
        if (read_some(r) < 0) {
                line_buffer_flush(&r->lines, send_line, r);
                (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        }
        return 0;
}

bool relay_is_journal(int fd, const char *journal_stream) {
        uint64_t device, inode;
        struct stat st;

        return journal_stream && sscanf(journal_stream, "%" SCNu64 ":%" SCNu64, &device, &inode) == 2 &&
                        fstat(fd, &st) >= 0 && st.st_dev == device && st.st_ino == inode;
}

static int open_fifo(int dir_fd, const char *name, int *ret_read_fd, int *ret_write_fd) {
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;

        if (mkfifoat(dir_fd, name, 0600) < 0 && errno != EEXIST)
                return negative_errno();
        read_fd = openat(dir_fd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
        if (read_fd < 0)
                return negative_errno();
        write_fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (write_fd < 0)
                return negative_errno();

        *ret_read_fd = TAKE_FD(read_fd);
        *ret_write_fd = TAKE_FD(write_fd);
        return 0;
}

static void set_field(Relay *r, EntryField field, char *value) {
        g_free(r->fields[field]);
        r->fields[field] = value;
}

int relay_new(sd_event *event, int dir_fd, const char *name, const char *id, Relay **ret) {
        _cleanup_(relay_freep) Relay *r = g_new0(Relay, 1);
        int k;

        r->fd = r->write_fd = -EBADF;
        r->id = g_strdup(id);
        line_buffer_init(&r->lines, LOG_INFO);
        set_field(r, FIELD_IDENTIFIER, g_strdup("SYSLOG_IDENTIFIER=berth"));
        set_field(r, FIELD_NAME, g_strdup_printf("CONTAINER_NAME=%s", id));
        /* engines name containers by 64 hexadecimal digits, of which people see 12 */
        set_field(r, FIELD_ID, g_strdup_printf("CONTAINER_ID=%.*s", strlen(id) == 64 ? 12 : 255, id));
        set_field(r, FIELD_ID_FULL, g_strdup_printf("CONTAINER_ID_FULL=%s", id));

        k = open_fifo(dir_fd, name, &r->fd, &r->write_fd);
        if (k < 0)
                return log_error_errno(k, "Failed to open the FIFO for the payload's %s: %m", name);
        k = sd_event_add_io(event, &r->source, r->fd, EPOLLIN, on_readable, r);
        if (k < 0)
                return log_error_errno(k, "Failed to watch the payload's %s: %m", name);

        *ret = TAKE_PTR(r);
        return 0;
}

int relay_take_write_fd(Relay *r) {
        return TAKE_FD(r->write_fd);
}

void relay_set_payload(Relay *r, pid_t pid) {
        relay_drain(r, true);
        relay_adopt_payload(r, pid);
}

void relay_adopt_payload(Relay *r, pid_t pid) {
        set_field(r, FIELD_IDENTIFIER, g_strdup_printf("SYSLOG_IDENTIFIER=%s", r->id));
        set_field(r, FIELD_PID, g_strdup_printf("OBJECT_PID=%d", (int) pid));
}

void relay_set_priority(Relay *r, int priority) {
        r->lines.default_priority = priority;
}

void relay_drain(Relay *r, bool at_end) {
        while (read_some(r) > 0)
                ;
        if (at_end)
                line_buffer_flush(&r->lines, send_line, r);
}

void relay_free(Relay *r) {
        sd_event_source_disable_unref(r->source);
        line_buffer_done(&r->lines);
        closep(&r->fd);
        closep(&r->write_fd);
        for (size_t i = 0; i < _FIELD_MAX; i++)
                g_free(r->fields[i]);
        g_free(r->id);
        g_free(r);
}
