/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the syntax of files of variables. */

#include "config/environment-file.h"

#include <glib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "config/container-values.h"

typedef struct Reader {
        const char *p;
        int line;
} Reader;

static char next(Reader *r) {
        if (*r->p == '\n')
                r->line++;
        return *r->p ? *r->p++ : 0;
}

static void skip_line(Reader *r) {
        while (*r->p && next(r) != '\n')
                ;
}

/* *r is behind the opening quote. */
static bool read_quoted(Reader *r, char quote, GString *out) {
        for (;;) {
                char c = next(r);

                if (c == quote)
                        return true;
                if (c == 0)
                        return false;
                if (c == '\\' && quote == '"') {
                        char escaped = next(r);

                        if (escaped == 0)
                                return false;
                        if (escaped == '\n')
                                continue;
                        if (!strchr("\"\\$`", escaped))
                                g_string_append_c(out, c);
                        c = escaped;
                }
                g_string_append_c(out, c);
        }
}

/* White space at the end of a value does not belong to it, unless it was quoted or escaped. */
static bool read_value(Reader *r, GString *out) {
        size_t keep = 0;

        while (*r->p == ' ' || *r->p == '\t')
                r->p++;
        for (;;) {
                char c = next(r);

                if (c == 0 || c == '\n')
                        break;
                if (c == '\r' && (*r->p == '\n' || !*r->p))
                        continue;
                if (c == '"' || c == '\'') {
                        if (!read_quoted(r, c, out))
                                return false;
                        keep = out->len;
                        continue;
                }
                if (c == '\\') {
                        c = next(r);
                        if (c == 0)
                                break;
                        if (c != '\n') {
                                g_string_append_c(out, c);
                                keep = out->len;
                        }
                        continue;
                }
                g_string_append_c(out, c);
                if (c != ' ' && c != '\t')
                        keep = out->len;
        }
        g_string_truncate(out, keep);
        return true;
}

static bool name_is_valid(const char *s, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (!g_ascii_isgraph(s[i]))
                        return false;
        return n > 0;
}

static int read_assignment(Reader *r, char ***list) {
        _cleanup_string_ GString *word = NULL;
        const char *start = r->p, *end;
        int line = r->line;
        size_t n = strcspn(start, "=\n");

        if (start[n] != '=') {
                skip_line(r);
                return 0;
        }
        for (end = start + n; end > start && (end[-1] == ' ' || end[-1] == '\t');)
                end--;
        if (!name_is_valid(start, end - start))
                return -line;
        word = g_string_new_len(start, end - start);
        g_string_append_c(word, '=');
        r->p = start + n + 1;
        {
                _cleanup_string_ GString *value = g_string_new(NULL);

                if (!read_value(r, value))
                        return -line;
                g_string_append(word, value->str);
        }
        if (!g_utf8_validate(word->str, -1, NULL))
                return -line;
        value_set_assignment(list, g_string_free(TAKE_PTR(word), FALSE));
        return 0;
}

int environment_file_parse(const char *text, char ***list) {
        Reader reader = { .p = startswith(text, "\xef\xbb\xbf") ?: text, .line = 1 };

        while (*reader.p) {
                int r = 0;

                while (*reader.p == ' ' || *reader.p == '\t')
                        reader.p++;
                if (*reader.p == '#' || *reader.p == ';' || *reader.p == '\n' || *reader.p == '\r')
                        skip_line(&reader);
                else if (*reader.p)
                        r = read_assignment(&reader, list);
                if (r < 0)
                        return r;
        }
        return 0;
}
