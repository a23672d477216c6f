/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which streams are the journal's, and what the entries of our messages have in them. */

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/log-journal.h"

#include "basic/cleanup.h"

static void test_is_journal(void) {
        _cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        g_autofree char *same = NULL, *other = NULL;
        struct stat st;

        g_assert_cmpint(fstat(fd, &st), ==, 0);
        same = g_strdup_printf("%ju:%ju", (uintmax_t) st.st_dev, (uintmax_t) st.st_ino);
        other = g_strdup_printf("%ju:%ju", (uintmax_t) st.st_dev, (uintmax_t) st.st_ino + 1);
        g_assert_true(stream_is_journal(fd, same));
        g_assert_false(stream_is_journal(fd, other));
        g_assert_false(stream_is_journal(fd, NULL));
        g_assert_false(stream_is_journal(fd, "nonsense"));
}

/* The value of a field that was written with its length; NULL: is not there. */
static char *field(const GString *entry, const char *name) {
        g_autofree char *begin = g_strdup_printf("%s\n", name);
        const char *p = memmem(entry->str, entry->len, begin, strlen(begin));
        uint64_t size;

        if (!p)
                return NULL;
        p += strlen(begin);
        memcpy(&size, p, sizeof size);
        return g_strndup(p + sizeof size, GUINT64_FROM_LE(size));
}

static void test_fields(void) {
        const LogEntry e = {
                .level = 3,
                .program = "berth",
                .container = "web",
                .message_id = "0123456789abcdef0123456789abcdef",
                .message = "two\nlines",
        };
        _cleanup_string_ GString *entry = log_entry_format(&e);
        g_autofree char *program = field(entry, "SYSLOG_IDENTIFIER"), *name = field(entry, "CONTAINER_NAME"),
                        *message = field(entry, "MESSAGE"), *unit = field(entry, "\nUNIT");

        g_assert_true(g_str_has_prefix(
                        entry->str, "PRIORITY=3\nMESSAGE_ID=0123456789abcdef0123456789abcdef\n"));
        g_assert_cmpstr(program, ==, "berth");
        g_assert_cmpstr(name, ==, "web");
        g_assert_cmpstr(message, ==, "two\nlines");
        g_assert_null(unit);
}

static void test_unit(void) {
        static const struct {
                const char *cgroup, *system, *user;
        } cases[] = {
                { "/", NULL, NULL },
                { "/machine.slice/container@web.service", "container@web.service", NULL },
                { "/machine.slice/container@web.service/health", "container@web.service", NULL },
                { "/system.slice/_cpu.service", "cpu.service", NULL },
                { "/user.slice/user-1.slice/session-2.scope", NULL, NULL },
                { "/user.slice/user-1.slice/user@1.service/app.slice/x@y.service", NULL, "x@y.service" },
                { "/user.slice/user-1.slice/user@1.service/init.scope", NULL, NULL },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                const LogEntry e = { .cgroup = cases[i].cgroup, .invocation = "1f", .message = "" };
                _cleanup_string_ GString *entry = log_entry_format(&e);
                g_autofree char *system = field(entry, "OBJECT_SYSTEMD_UNIT"),
                                *user = field(entry, "USER_UNIT"), *unit = field(entry, "\nUNIT"),
                                *run = field(entry, "OBJECT_SYSTEMD_INVOCATION_ID"),
                                *user_run = field(entry, "USER_INVOCATION_ID");

                g_assert_cmpstr(system, ==, cases[i].system);
                g_assert_cmpstr(user, ==, cases[i].user);
                g_assert_cmpstr(unit, ==, cases[i].system ?: cases[i].user);
                g_assert_cmpstr(run, ==, cases[i].system ? "1f" : NULL);
                g_assert_cmpstr(user_run, ==, cases[i].user ? "1f" : NULL);
        }
}

/* A supervisor has more to do than to wait for a journald that hangs. */
static void test_never_waits(void) {
        LogEntry entry = { .level = 4, .message = "text" };
        int fds[2], sent = 0;

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), ==, 0);
        while (log_entry_send(fds[0], &entry))
                sent++;
        g_assert_cmpint(sent, >, 0);
        (void) close(fds[0]);
        (void) close(fds[1]);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/log-journal/is-journal", test_is_journal);
        g_test_add_func("/log-journal/fields", test_fields);
        g_test_add_func("/log-journal/unit", test_unit);
        g_test_add_func("/log-journal/never-waits", test_never_waits);
        return g_test_run();
}
