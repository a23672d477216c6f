/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is wrong with a declaration, collected instead of printed: all of it at once, in the order of the
 * files' lines. */

#include <glib.h>
#include <stdbool.h>

#include "basic/cleanup.h"

typedef struct ConfigMessage {
        int level; /* LOG_ERR: the container cannot start; LOG_WARNING: something was ignored */
        char *file;
        unsigned line; /* 0: the file as a whole */
        char *text;    /* one line, no full stop */
} ConfigMessage;

/* An empty list that owns its messages (GPtrArray of ConfigMessage*). */
GPtrArray *config_messages_new(void);

/* Appends a message; level is LOG_ERR or LOG_WARNING. What cannot be printed of the file's name is escaped.
 */
void config_message(GPtrArray *messages, int level, const char *file, unsigned line, const char *format, ...)
                __attribute__((format(printf, 5, 6)));

/* Sorts by file and line. */
void config_messages_sort(GPtrArray *messages);

/* Whether there is an error among the messages. */
bool config_messages_have_errors(const GPtrArray *messages);

/* "file:line: text". The caller frees. */
char *config_message_format(const ConfigMessage *message);

/* The one of n names that word is most likely a misspelling of; NULL when none is near. Pure. */
const char *config_suggest(const char *word, const char *const *names, size_t n);
