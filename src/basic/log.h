/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages of all programs: one line each, to stderr, to a --log file, or to whoever a sink hands them to.
 */

#include <errno.h>
#include <stdbool.h>
#include <syslog.h>

#include "basic/macro.h"

typedef enum LogFormat {
        LOG_FORMAT_TEXT,
        LOG_FORMAT_JSON,
} LogFormat;

/* Gets each message (no newline at its end) instead of stderr and the file; err is a positive errno or 0. */
typedef void (*LogSink)(int level, int err, const char *message, void *userdata);

/* What stands in front of each line on stderr ("berth"); program must stay valid. Default: nothing. */
void log_set_program(const char *program);

/* Messages above this syslog level are dropped. Default: LOG_WARNING. */
void log_set_level(int level);
int log_get_level(void);

/* Writes "<N>" in front of lines on stderr, as journald understands them, instead of the program's name. */
void log_set_journal_prefix(bool enabled);

/* Opens a file that gets errors, too: all of them as text; in JSON exactly one, the first, because engines
 * read the whole file as one object. With --debug everything is written. Returns the negative errno of
 * open(). Does not log. */
int log_open_file(const char *path, LogFormat format);
void log_set_format(LogFormat format);

/* Takes over all messages of this process (NULL: back to normal). For children, which report to their
 * parent. */
void log_set_sink(LogSink sink, void *userdata);

/* Logs printf-style with %m as text of err (positive or negative errno; 0: none); returns the negative
 * errno. */
int log_full(int level, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define log_error(...)            ((void) log_full(LOG_ERR, 0, __VA_ARGS__))
#define log_warning(...)          ((void) log_full(LOG_WARNING, 0, __VA_ARGS__))
#define log_info(...)             ((void) log_full(LOG_INFO, 0, __VA_ARGS__))
#define log_debug(...)            ((void) log_full(LOG_DEBUG, 0, __VA_ARGS__))
#define log_error_errno(r, ...)   log_full(LOG_ERR, (r), __VA_ARGS__)
#define log_warning_errno(r, ...) log_full(LOG_WARNING, (r), __VA_ARGS__)
#define log_debug_errno(r, ...)   log_full(LOG_DEBUG, (r), __VA_ARGS__)
