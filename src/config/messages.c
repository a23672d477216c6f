/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the list of messages about declarations, and the guess at what a misspelled word was meant to be.
 * Prints nothing. */

#include "config/messages.h"

#include <stdarg.h>
#include <syslog.h>

#include "basic/macro.h"

/* Longer words are not compared: the cost is the product of the lengths. */
#define SUGGEST_LENGTH_MAX 64

static void config_message_free(void *p) {
        ConfigMessage *m = p;

        g_free(m->file);
        g_free(m->text);
        g_free(m);
}

GPtrArray *config_messages_new(void) {
        return g_ptr_array_new_with_free_func(config_message_free);
}

/* The name of a file may have line breaks, escape sequences and bytes that are no text. */
static char *printable(const char *file) {
        bool good = g_utf8_validate(file, -1, NULL);

        for (const char *p = file; good && *p; p++)
                good = (unsigned char) *p >= ' ' && *p != 0x7f;
        return good ? g_strdup(file) : g_strescape(file, NULL);
}

/* A value that was cut may end inside of a letter. */
static char *make_valid(char *text) {
        char *valid;

        if (g_utf8_validate(text, -1, NULL))
                return text;
        valid = g_utf8_make_valid(text, -1);
        g_free(text);
        return valid;
}

void config_message(
                GPtrArray *messages, int level, const char *file, unsigned line, const char *format, ...) {
        ConfigMessage *m = g_new0(ConfigMessage, 1);
        va_list ap;

        va_start(ap, format);
        m->text = make_valid(g_strdup_vprintf(format, ap));
        va_end(ap);
        m->level = level;
        m->file = printable(file);
        m->line = line;
        g_ptr_array_add(messages, m);
}

static int compare_messages(const ConfigMessage *a, const ConfigMessage *b) {
        int r = strcmp(a->file, b->file);

        return r != 0 ? r : (a->line > b->line) - (a->line < b->line);
}

/* Insertion sort: stable, and the list is short. */
void config_messages_sort(GPtrArray *messages) {
        for (unsigned i = 1; i < messages->len; i++) {
                void *m = messages->pdata[i];
                unsigned k = i;

                for (; k > 0 && compare_messages(messages->pdata[k - 1], m) > 0; k--)
                        messages->pdata[k] = messages->pdata[k - 1];
                messages->pdata[k] = m;
        }
}

bool config_messages_have_errors(const GPtrArray *messages) {
        for (unsigned i = 0; i < messages->len; i++)
                if (((const ConfigMessage *) messages->pdata[i])->level <= LOG_ERR)
                        return true;
        return false;
}

char *config_message_format(const ConfigMessage *message) {
        if (message->line == 0)
                return g_strdup_printf("%s: %s", message->file, message->text);
        return g_strdup_printf("%s:%u: %s", message->file, message->line, message->text);
}

/* Number of letters to insert, remove, replace or swap with their neighbour to get from a to b; case does
 * not count. */
static unsigned edit_distance(const char *a, const char *b) {
        unsigned rows[3][SUGGEST_LENGTH_MAX + 1];
        unsigned *before = rows[0], *previous = rows[1], *current = rows[2];
        size_t n = strlen(a), m = strlen(b);

        for (size_t j = 0; j <= m; j++)
                previous[j] = j;
        for (size_t i = 1; i <= n; i++) {
                unsigned *unused = before;

                current[0] = i;
                for (size_t j = 1; j <= m; j++) {
                        bool same = g_ascii_tolower(a[i - 1]) == g_ascii_tolower(b[j - 1]);

                        current[j] = MIN(MIN(previous[j], current[j - 1]) + 1, previous[j - 1] + !same);
                        if (i > 1 && j > 1 && g_ascii_tolower(a[i - 1]) == g_ascii_tolower(b[j - 2]) &&
                            g_ascii_tolower(a[i - 2]) == g_ascii_tolower(b[j - 1]))
                                current[j] = MIN(current[j], before[j - 2] + 1);
                }
                before = previous;
                previous = current;
                current = unused;
        }
        return previous[m];
}

const char *config_suggest(const char *word, const char *const *names, size_t n) {
        size_t length = strlen(word);
        unsigned best = MAX(length / 3, 1u) + 1;
        const char *found = NULL;

        if (length > SUGGEST_LENGTH_MAX)
                return NULL;
        for (size_t i = 0; i < n; i++) {
                unsigned distance;

                if (strlen(names[i]) > SUGGEST_LENGTH_MAX)
                        continue;
                distance = edit_distance(word, names[i]);
                if (distance < best) {
                        best = distance;
                        found = names[i];
                }
        }
        return found;
}
