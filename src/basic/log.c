/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns where messages go. The settings at the top are the only mutable file-scope state of this layer. */

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "basic/log.h"

#include "basic/cleanup.h"
#include "basic/json-text.h"
#include "basic/log-journal.h"

static const char *log_program;
static const char *log_container;
static int log_level = LOG_WARNING;
static LogStyle log_style;
static LogFormat log_format;
static int log_file_fd = -EBADF;
static bool log_file_has_error;
static int log_daemon_fd = -EBADF;
static LogDaemon log_daemon;
static const char *log_daemon_name;
/* The journal, when that is where stderr goes; -ENOTCONN: not looked for yet. */
static int log_journal_fd = -ENOTCONN;
static LogSink log_sink;
static void *log_sink_userdata;

void log_set_program(const char *program) {
        log_program = program;
}

void log_set_container(const char *name) {
        log_container = name;
}

void log_set_level(int level) {
        log_level = level;
}

int log_get_level(void) {
        return log_level;
}

void log_set_style(LogStyle style) {
        log_style = style;
}

void log_set_format(LogFormat format) {
        log_format = format;
}

void log_set_sink(LogSink sink, void *userdata) {
        log_sink = sink;
        log_sink_userdata = userdata;
}

int log_open_file(const char *path, LogFormat format) {
        int fd;

        fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
        if (fd < 0)
                return negative_errno();

        log_file_fd = fd;
        log_format = format;
        return 0;
}

int log_open_daemon(LogDaemon daemon, const char *name) {
        int fd = log_daemon_connect(daemon);

        if (fd < 0)
                return fd;

        log_daemon_fd = fd;
        log_daemon = daemon;
        log_daemon_name = name;
        return 0;
}

static const char *level_name(int level) {
        return level <= LOG_ERR                ? "error"
                        : level == LOG_WARNING ? "warning"
                        : level <= LOG_INFO    ? "info"
                                               : "debug";
}

static char *format_record(int level, const char *message) {
        _cleanup_string_ GString *record = g_string_new(NULL);
        char stamp[sizeof "2026-01-02T03:04:05"];
        struct timespec now;
        struct tm tm;

        (void) clock_gettime(CLOCK_REALTIME, &now);
        (void) gmtime_r(&now.tv_sec, &tm);
        (void) strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);

        if (log_format == LOG_FORMAT_JSON) {
                g_string_append_printf(record, "{\"level\":\"%s\",\"msg\":", level_name(level));
                json_text_append_string(record, message);
                g_string_append_printf(record, ",\"time\":\"%s.%06ldZ\"}\n", stamp, now.tv_nsec / 1000);
        } else {
                g_string_append_printf(record, "time=\"%sZ\" level=%s msg=", stamp, level_name(level));
                json_text_append_string(record, message);
                g_string_append_c(record, '\n');
        }
        return g_string_free(TAKE_PTR(record), FALSE);
}

static void write_file(int level, const char *message) {
        _cleanup_free_ char *record = NULL;
        bool everything = log_level >= LOG_DEBUG;

        if (level > LOG_ERR && !everything)
                return;
        if (level <= LOG_ERR) {
                if (log_file_has_error && log_format == LOG_FORMAT_JSON && !everything)
                        return;
                log_file_has_error = true;
        }

        record = format_record(level, message);
        if (write(log_file_fd, record, strlen(record)) < 0)
                return; /* Nowhere left to complain, and stderr gets the message anyway. */
}

static void send_to_daemon(int level, const char *message) {
        _cleanup_string_ GString *datagram = log_daemon_format(
                        log_daemon, level, log_program ? log_program : "", log_daemon_name, message);

        if (send(log_daemon_fd, datagram->str, datagram->len, MSG_NOSIGNAL) < 0)
                return; /* stderr gets the message anyway. */
}

/* stderr is looked at once, and only by who has something to say: it may be redirected, whatever the
 * environment says. */
static bool send_to_journal(int level, const char *message_id, const char *message) {
        LogEntry entry = {
                .level = level,
                .program = log_program,
                .container = log_container,
                .message_id = message_id,
                .message = message,
        };

        if (log_journal_fd == -ENOTCONN)
                log_journal_fd = stream_is_journal(STDERR_FILENO, getenv("JOURNAL_STREAM"))
                                ? log_daemon_connect(LOG_DAEMON_JOURNAL)
                                : -EBADF;
        return log_journal_fd >= 0 && log_entry_send(log_journal_fd, &entry);
}

static void write_stderr(int level, const char *message) {
        _cleanup_free_ char *line = NULL;

        if (log_style == LOG_STYLE_JOURNAL)
                line = g_strdup_printf("<%d>%s\n", level, message);
        else if (log_style == LOG_STYLE_RECORD && log_file_fd < 0 && log_daemon_fd < 0)
                line = format_record(level, message);
        else if (log_program)
                line = g_strdup_printf("%s: %s\n", log_program, message);
        else
                line = g_strdup_printf("%s\n", message);

        if (write(STDERR_FILENO, line, strlen(line)) < 0)
                return; /* A closed stderr is the caller's wish. */
}

int log_full_id(int level, int err, const char *message_id, const char *format, ...) {
        _cleanup_free_ char *message = NULL;
        va_list ap;

        err = abs(err);
        if (level > log_level)
                return -err;

        errno = err;
        va_start(ap, format);
        if (vasprintf(&message, format, ap) < 0)
                message = NULL;
        va_end(ap);
        if (!message)
                return -err;

        if (log_sink)
                log_sink(level, err, message, log_sink_userdata);
        else {
                if (log_file_fd >= 0)
                        write_file(level, message);
                if (log_daemon_fd >= 0)
                        send_to_daemon(level, message);
                if (log_style != LOG_STYLE_JOURNAL || !send_to_journal(level, message_id, message))
                        write_stderr(level, message);
        }

        errno = err;
        return -err;
}
