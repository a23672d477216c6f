/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages of all programs: one line each, to stderr, to a file or daemon that --log names, or to whoever a
 * sink hands them to. */

#include <errno.h>
#include <stdbool.h>
#include <syslog.h>

#include "basic/log-socket.h"
#include "basic/macro.h"

typedef enum LogFormat {
        LOG_FORMAT_TEXT,
        LOG_FORMAT_JSON,
} LogFormat;

/* How a message looks on stderr. */
typedef enum LogStyle {
        LOG_STYLE_PLAIN,   /* "berth: message", for people */
        LOG_STYLE_RECORD,  /* as in a file: time, level, message */
        LOG_STYLE_JOURNAL, /* an entry with more fields, or "<3>message", as journald understands it in a
                              stream */
} LogStyle;

/* Gets each message (no newline at its end) instead of stderr and the file; err is a positive errno or 0. */
typedef void (*LogSink)(int level, int err, const char *message, void *userdata);

/* What stands in front of each line on stderr ("berth"); program must stay valid. Default: nothing. */
void log_set_program(const char *program);

/* The container that messages are about, for the journal; name must stay valid. Default: not known. */
void log_set_container(const char *name);

/* Messages above this syslog level are dropped. Default: LOG_WARNING. */
void log_set_level(int level);
int log_get_level(void);

/* Records are written to stderr only while there is no file and no daemon that gets them: then the message
 * alone follows there. Default: LOG_STYLE_PLAIN. */
void log_set_style(LogStyle style);

/* Opens a file that gets errors, too: all of them as text; in JSON exactly one, the first, because engines
 * read the whole file as one object. With --debug everything is written. Returns the negative errno of
 * open(). Does not log. */
int log_open_file(const char *path, LogFormat format);

/* Sends messages to a daemon, too; see log-socket.h. name must stay valid. Returns the negative errno of
 * connect(). Does not log. */
int log_open_daemon(LogDaemon daemon, const char *name);

/* The format of records, in a file and on stderr. */
void log_set_format(LogFormat format);

/* Takes over all messages of this process (NULL: back to normal). For children, which report to their
 * parent. */
void log_set_sink(LogSink sink, void *userdata);

/* Logs printf-style with %m as text of err (positive or negative errno; 0: none); returns the negative
 * errno. message_id is one of message-id.h, or NULL: journalctl -x explains the message then. */
int log_full_id(int level, int err, const char *message_id, const char *format, ...)
                __attribute__((format(printf, 4, 5)));

#define log_full(level, err, ...) log_full_id((level), (err), NULL, __VA_ARGS__)

#define log_error(...)            ((void) log_full(LOG_ERR, 0, __VA_ARGS__))
#define log_warning(...)          ((void) log_full(LOG_WARNING, 0, __VA_ARGS__))
#define log_info(...)             ((void) log_full(LOG_INFO, 0, __VA_ARGS__))
#define log_debug(...)            ((void) log_full(LOG_DEBUG, 0, __VA_ARGS__))
#define log_error_errno(r, ...)   log_full(LOG_ERR, (r), __VA_ARGS__)
#define log_warning_errno(r, ...) log_full(LOG_WARNING, (r), __VA_ARGS__)
#define log_debug_errno(r, ...)   log_full(LOG_DEBUG, (r), __VA_ARGS__)

/* Those that are explained. */
#define log_error_id(id, ...)            ((void) log_full_id(LOG_ERR, 0, (id), __VA_ARGS__))
#define log_warning_id(id, ...)          ((void) log_full_id(LOG_WARNING, 0, (id), __VA_ARGS__))
#define log_info_id(id, ...)             ((void) log_full_id(LOG_INFO, 0, (id), __VA_ARGS__))
#define log_error_errno_id(r, id, ...)   log_full_id(LOG_ERR, (r), (id), __VA_ARGS__)
#define log_warning_errno_id(r, id, ...) log_full_id(LOG_WARNING, (r), (id), __VA_ARGS__)
