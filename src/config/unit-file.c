/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the line syntax of unit files. Works inside of the buffer it is given: lines that are joined never
 * get longer. Reads no files, and knows no key. */

#include "config/unit-file.h"

#include <string.h>
#include <syslog.h>

#include "basic/macro.h"
#include "config/messages.h"

#define UTF8_BOM "\xef\xbb\xbf"

typedef struct Reader {
        const char *path;
        GPtrArray *messages;
        char *at, *end;
        unsigned line;  /* number of the line that was read last */
        unsigned first; /* where the logical line started */
} Reader;

/* Ends the next line with a NUL. The byte behind the text is one, so the last line needs no newline. */
static char *read_line(Reader *r) {
        char *line = r->at, *newline;

        if (r->at >= r->end)
                return NULL;
        newline = memchr(r->at, '\n', r->end - r->at);
        if (!newline)
                newline = r->end;
        r->at = newline + 1;
        *newline = 0;
        if (newline > line && newline[-1] == '\r')
                newline[-1] = 0;
        r->line++;
        return line;
}

static bool is_continued(const char *start, const char *end) {
        size_t n = 0;

        while (end > start && end[-1] == '\\') {
                n++;
                end--;
        }
        return n % 2 == 1;
}

/* Gives one line, what continues it joined with a space; comments in between do not end it. */
static char *read_logical_line(Reader *r) {
        char *start = NULL, *end = NULL, *line;

        while ((line = read_line(r))) {
                size_t n;

                line += strspn(line, " \t");
                if (*line == '#' || *line == ';')
                        continue;
                n = strlen(line);
                if (!start) {
                        start = end = line;
                        r->first = r->line;
                }
                memmove(end, line, n);
                end += n;
                *end = 0;
                if (!is_continued(start, end))
                        break;
                end[-1] = ' ';
        }
        return start;
}

static char *strip(char *s) {
        size_t n;

        s += strspn(s, " \t");
        n = strlen(s);
        while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
                n--;
        s[n] = 0;
        return s;
}

static const char *find_control_character(const char *s) {
        for (; *s; s++)
                if (((unsigned char) *s < ' ' && *s != '\t') || *s == 0x7f)
                        return s;
        return NULL;
}

#define reader_error(r, ...) config_message((r)->messages, LOG_ERR, (r)->path, (r)->first, __VA_ARGS__)

/* Returns the section's name, NULL when the header is malformed. */
static const char *parse_section(Reader *r, char *line) {
        size_t n;

        line = strip(line);
        n = strlen(line);
        if (line[n - 1] != ']') {
                reader_error(r, "section header '%s' does not end with ']'", line);
                return NULL;
        }
        line[n - 1] = 0;
        line++;
        if (!*line || strpbrk(line, "[]")) {
                reader_error(r, "section name '%s' is not valid", line);
                return NULL;
        }
        return line;
}

static bool parse_assignment(Reader *r, char *line, UnitEntry *ret) {
        char *equals = strchr(line, '='), *key;

        if (!equals) {
                reader_error(r, "expected KEY=VALUE, a [Section] or a comment, found '%.60s'", strip(line));
                return false;
        }
        *equals = 0;
        key = strip(line);
        if (!*key) {
                reader_error(r, "no key in front of '='");
                return false;
        }
        if (strpbrk(key, " \t\"'\\")) {
                reader_error(r, "key '%.60s' contains characters that keys do not have", key);
                return false;
        }
        *ret = (UnitEntry) { .key = key, .value = strip(equals + 1), .file = r->path, .line = r->first };
        return true;
}

static bool line_is_sane(Reader *r, const char *line) {
        const char *bad;

        if (strlen(line) > UNIT_FILE_LINE_MAX) {
                reader_error(r, "line is longer than %u bytes", UNIT_FILE_LINE_MAX);
                return false;
        }
        bad = find_control_character(line);
        if (bad) {
                reader_error(r, "control character 0x%02x in the line", (unsigned char) *bad);
                return false;
        }
        return true;
}

static void parse_lines(Reader *r, GArray *entries) {
        const char *section = NULL;
        bool skipping = false; /* behind a bad header: its lines have been complained about by that */
        char *line;

        while ((line = read_logical_line(r))) {
                UnitEntry entry;

                if (!*line || !line_is_sane(r, line))
                        continue;
                if (*line == '[') {
                        section = parse_section(r, line);
                        skipping = !section;
                        entry = (UnitEntry) { .section = section, .file = r->path, .line = r->first };
                        if (section)
                                g_array_append_val(entries, entry);
                        continue;
                }
                if (skipping || !parse_assignment(r, line, &entry))
                        continue;
                if (!section) {
                        reader_error(r, "'%s=' stands in front of the first section", entry.key);
                        continue;
                }
                entry.section = section;
                g_array_append_val(entries, entry);
        }
}

static unsigned count_lines(const char *from, const char *to) {
        unsigned n = 1;

        for (; from < to; from++)
                n += *from == '\n';
        return n;
}

/* Text that is not text is not looked at any further: one message instead of hundreds. */
static bool text_is_sane(const char *path, const char *text, size_t size, GPtrArray *messages) {
        const char *bad;

        if (g_utf8_validate_len(text, size, &bad))
                return true;
        config_message(messages, LOG_ERR, path, count_lines(text, bad),
                       *bad ? "text is not valid UTF-8" : "NUL byte in the text");
        return false;
}

UnitFile *unit_file_parse(const char *path, char *text, size_t size, GPtrArray *messages) {
        UnitFile *file = g_new0(UnitFile, 1);
        Reader r = { .messages = messages, .at = text, .end = text + size };

        file->path = g_strdup(path);
        file->text = text;
        file->entries = g_array_sized_new(FALSE, FALSE, sizeof(UnitEntry), 16);
        if (!text_is_sane(path, text, size, messages))
                return file;
        r.path = file->path;
        if (startswith(text, UTF8_BOM))
                r.at += STRLEN(UTF8_BOM);
        parse_lines(&r, file->entries);
        return file;
}

void unit_file_free(UnitFile *file) {
        if (!file)
                return;
        g_free(file->path);
        free(file->text);
        g_array_unref(file->entries);
        g_free(file);
}
