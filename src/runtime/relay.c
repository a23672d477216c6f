/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the FIFOs between payload and supervisor, and the journal entries that come out. Nothing is allocated
 * per line: the fields that all entries have are one piece of text. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "runtime/relay.h"

#include "basic/log.h"
#include "runtime/journal-sender.h"
#include "runtime/line-buffer.h"

/* How long a journald that takes nothing is waited for when the payload has ended. */
#define DRAIN_USEC (5 * UINT64_C(1000000))

struct Relay {
        int fd;
        int write_fd; /* until it is taken */
        sd_event_source *source;
        JournalSender *journal;
        LineBuffer lines;
        Line line; /* that journald has not taken yet; size 0: there is none */
        char *id, *identifier;
        GString *common; /* fields that every entry has, as they are sent */
        GString *origin; /* those of the payload's entries */
};

/* ---- entries ---- */

/* The form without a length, so nothing with a newline. */
static void add_field(GString *out, const char *name, const char *value) {
        if (!isempty(value) && !strchr(value, '\n'))
                g_string_append_printf(out, "%s=%s\n", name, value);
}

static void set_common(Relay *r, const char *identifier, const char *more) {
        g_string_truncate(r->common, 0);
        add_field(r->common, "SYSLOG_IDENTIFIER", identifier);
        add_field(r->common, "CONTAINER_NAME", r->id);
        /* engines name containers by 64 hexadecimal digits, of which people see 12 */
        g_string_append_printf(r->common, "CONTAINER_ID=%.*s\n", strlen(r->id) == 64 ? 12 : 255, r->id);
        add_field(r->common, "CONTAINER_ID_FULL", r->id);
        g_string_append(r->common, more);
}

#define TEXT(s) ((struct iovec) { .iov_base = (void *) (s), .iov_len = strlen(s) })

/* As journal_sender_send(). */
static int send_line(Relay *r) {
        char priority[] = "PRIORITY=0\nMESSAGE=";
        struct iovec iov[] = {
                { .iov_base = r->common->str, .iov_len = r->common->len },
                TEXT(priority),
                { .iov_base = (void *) r->line.text, .iov_len = r->line.size },
                TEXT(r->line.partial ? "\nCONTAINER_PARTIAL_MESSAGE=true\n" : "\n"),
        };

        priority[STRLEN("PRIORITY=")] = (char) ('0' + r->line.priority);
        return journal_sender_send(r->journal, iov, ELEMENTSOF(iov));
}

/* Returns 0 when all lines are journald's, -EAGAIN when it is busy. */
static int send_lines(Relay *r, bool at_end) {
        while (r->line.size > 0 || line_buffer_next(&r->lines, at_end, &r->line)) {
                /* Killed in the middle of it, it has rather been said than is said twice. */
                line_buffer_commit(&r->lines);
                if (send_line(r) == -EAGAIN) {
                        line_buffer_revoke(&r->lines);
                        return -EAGAIN;
                }
                r->line.size = 0; /* What cannot be sent at all has nowhere else to go. */
        }
        return 0;
}

/* ---- the FIFO ---- */

/* As read(2). What will come is known before, for whoever has to go on when we are killed right then. */
static ssize_t read_some(Relay *r) {
        int available = 0;
        size_t room, n;
        ssize_t k;

        (void) line_buffer_room(&r->lines, &room);
        (void) ioctl(r->fd, FIONREAD, &available);
        n = MIN(MAX((size_t) available, 1U), room);
        k = read(r->fd, line_buffer_expect(&r->lines, n), n);
        if (k < 0 && errno == EFAULT) {
                line_buffer_leave_file(&r->lines);
                k = read(r->fd, line_buffer_expect(&r->lines, n), n);
        }
        return k;
}

/* Returns 1 when there was something, 0 when there is nothing now, -EPIPE at the end, -EAGAIN when journald
 * is busy. */
static int pass_on(Relay *r) {
        ssize_t n;
        int k;

        k = send_lines(r, false);
        if (k < 0)
                return k;
        do
                n = read_some(r);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return errno == EAGAIN ? 0 : -EPIPE;
        if (n == 0)
                return -EPIPE;
        line_buffer_added(&r->lines, (size_t) n);
        k = send_lines(r, false);
        return k < 0 ? k : 1;
}

static int on_readable(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Relay *r = userdata;
        int k = pass_on(r);

        /* All writers are gone: the event would come for ever. */
        if (k == -EPIPE)
                (void) send_lines(r, true);
        if (k < 0)
                (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        return 0;
}

static void on_journal_ready(void *userdata) {
        Relay *r = userdata;

        if (send_lines(r, false) >= 0)
                (void) sd_event_source_set_enabled(r->source, SD_EVENT_ON);
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

int relay_new(sd_event *event, int dir_fd, const char *name, const char *id, Relay **ret) {
        _cleanup_(relay_freep) Relay *r = g_new0(Relay, 1);
        _cleanup_free_ char *file = g_strconcat(name, ".lines", NULL);
        int k;

        r->fd = r->write_fd = -EBADF;
        r->id = g_strdup(id);
        r->common = g_string_new(NULL);
        r->origin = g_string_new(NULL);
        line_buffer_init_file(&r->lines, LOG_INFO, dir_fd, file);
        set_common(r, "berth", "");
        r->journal = journal_sender_new(event, on_journal_ready, r);

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

/* journald adds the scope itself while the process of OBJECT_PID= exists, and where the sender is root; the
 * service while we exist. Of last words it reads when both are gone, journalctl -u would not know. */
void relay_set_origin(Relay *r, const RelayOrigin *origin) {
        const char *unit_field = origin->user ? "OBJECT_SYSTEMD_USER_UNIT" : "OBJECT_SYSTEMD_UNIT";
        const LogSettings *settings = origin->settings;

        g_free(r->identifier);
        r->identifier = g_strdup(settings->identifier);
        if (settings->level >= 0)
                relay_set_priority(r, settings->level);
        r->lines.no_prefix = settings->no_prefix;

        g_string_printf(r->origin, "SYSLOG_FACILITY=%d\n", settings->facility >> 3);
        add_field(r->origin, "IMAGE_NAME", origin->image);
        add_field(r->origin, unit_field, origin->scope);
        add_field(r->origin, unit_field, origin->service);
}

void relay_set_payload(Relay *r, pid_t pid) {
        relay_drain(r, true);
        relay_adopt_payload(r, pid);
}

void relay_adopt_payload(Relay *r, pid_t pid) {
        _cleanup_free_ char *more = g_strdup_printf("%sOBJECT_PID=%d\n", r->origin->str, (int) pid);

        set_common(r, r->identifier ?: r->id, more);
        (void) send_lines(r, false); /* that a predecessor has read */
}

void relay_set_priority(Relay *r, int priority) {
        r->lines.default_priority = priority;
}

/* Whether it is worth another try. */
static bool wait_for_journal(Relay *r, int64_t until) {
        int64_t left = until - g_get_monotonic_time();

        return left > 0 && journal_sender_wait(r->journal, (uint64_t) left);
}

void relay_drain(Relay *r, bool at_end) {
        int64_t until = g_get_monotonic_time() + (int64_t) DRAIN_USEC;
        int k;

        do {
                k = pass_on(r);
                if (k <= 0 && k != -EAGAIN && at_end)
                        k = send_lines(r, true);
        } while (k > 0 ? g_get_monotonic_time() < until : k == -EAGAIN && wait_for_journal(r, until));
}

void relay_free(Relay *r) {
        sd_event_source_disable_unref(r->source);
        if (r->journal)
                journal_sender_free(r->journal);
        line_buffer_done(&r->lines);
        closep(&r->fd);
        closep(&r->write_fd);
        g_string_free(r->common, TRUE);
        g_string_free(r->origin, TRUE);
        g_free(r->identifier);
        g_free(r->id);
        g_free(r);
}
