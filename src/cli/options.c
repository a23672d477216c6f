/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/options.h"

#include <stdio.h>

#include "basic/cleanup.h"
#include "basic/parse-util.h"
#include "cli/i18n.h"

static const Option *find_option(const Option *options, const char *name, size_t length) {
        for (const Option *o = options; o->name; o++)
                if ((strlen(o->name) == length && strncmp(o->name, name, length) == 0) ||
                    (o->alias && strlen(o->alias) == length && strncmp(o->alias, name, length) == 0))
                        return o;
        return NULL;
}

static bool is_switch(const Option *o) {
        return o->type == OPTION_SWITCH || o->type == OPTION_IGNORE_SWITCH;
}

static int set_switch(const Option *o, const char *value, bool *member) {
        bool b = true;
        int r;

        r = value ? parse_boolean(value, &b) : 0;
        if (r >= 0 && o->type == OPTION_SWITCH)
                *member = b;
        return r;
}

static void append(char ***list, const char *value) {
        size_t n = *list ? g_strv_length(*list) : 0;

        *list = g_renew(char *, *list, n + 2);
        (*list)[n] = g_strdup(value);
        (*list)[n + 1] = NULL;
}

static int set_value(const Option *o, const char *value, void *member) {
        uint32_t number = 0;
        int r;

        if (o->type == OPTION_UINT || o->type == OPTION_UINTS) {
                r = parse_uint32(value, &number);
                if (r < 0)
                        return r;
        }
        switch (o->type) {
        case OPTION_STRING:
                *(const char **) member = value;
                return 0;
        case OPTION_UINT:
                *(unsigned *) member = number;
                return 0;
        case OPTION_LIST:
        case OPTION_UINTS:
                append(member, value);
                return 0;
        default:
                return 0;
        }
}

/* A word that starts with a hyphen, taken apart. */
typedef struct Word {
        const char *name; /* up to length */
        int length;
        const char *value; /* behind "=", NULL: none */
} Word;

static Word split_word(const char *text) {
        const char *name = text + (text[0] == '-') + (text[0] == '-' && text[1] == '-'),
                   *equals = strchr(name, '=');

        return (Word) { name, equals ? (int) (equals - name) : (int) strlen(name),
                        equals ? equals + 1 : NULL };
}

static bool word_is(const Word *word, const char *name) {
        return (size_t) word->length == strlen(name) && strncmp(word->name, name, strlen(name)) == 0;
}

static int common_option(const Word *word, char **ret_error) {
        if (word_is(word, "help") || word_is(word, "h") || word_is(word, "?"))
                return OPTIONS_HELP;
        if (word_is(word, "usage"))
                return OPTIONS_USAGE;
        *ret_error = g_strdup_printf("flag provided but not defined: -%.*s", word->length, word->name);
        return -EINVAL;
}

static int parse_one(const Option *options, char **argv, int *index, void *target, char **ret_error) {
        Word word = split_word(argv[*index]);
        const Option *o;
        void *member;

        if (word.length == 0 || word.name[0] == '-') {
                *ret_error = g_strdup_printf("bad flag syntax: %s", argv[*index]);
                return -EINVAL;
        }
        o = find_option(options, word.name, (size_t) word.length);
        if (!o)
                return common_option(&word, ret_error);
        member = (char *) target + o->offset;
        (*index)++;
        if (is_switch(o)) {
                if (set_switch(o, word.value, member) >= 0)
                        return 0;
                *ret_error =
                                g_strdup_printf("invalid boolean value \"%s\" for -%.*s: parse error",
                                                word.value, word.length, word.name);
                return -EINVAL;
        }
        if (!word.value) {
                word.value = argv[*index];
                if (!word.value) {
                        *ret_error = g_strdup_printf(
                                        "flag needs an argument: -%.*s", word.length, word.name);
                        return -EINVAL;
                }
                (*index)++;
        }
        if (set_value(o, word.value, member) >= 0)
                return 0;
        *ret_error =
                        g_strdup_printf("invalid value \"%s\" for flag -%.*s: expected a number", word.value,
                                        word.length, word.name);
        return -EINVAL;
}

int options_parse(const Option *options, char **argv, int *index, void *target, char **ret_error) {
        while (argv[*index] && argv[*index][0] == '-' && argv[*index][1]) {
                int r;

                if (streq(argv[*index], "--")) {
                        (*index)++;
                        return 0;
                }
                r = parse_one(options, argv, index, target, ret_error);
                if (r != 0)
                        return r;
        }
        return 0;
}

int options_parse_among(const Option *options, char **words, void *target, char **ret_error) {
        for (int i = 0; words[i];) {
                Word word = split_word(words[i]);
                int behind = i, r;

                if (streq(words[i], "--"))
                        return 0;
                if (words[i][0] != '-' || !find_option(options, word.name, (size_t) word.length)) {
                        i++;
                        continue;
                }
                r = parse_one(options, words, &behind, target, ret_error);
                if (r != 0)
                        return r;
                memmove(words + i, words + behind, (g_strv_length(words + behind) + 1) * sizeof(char *));
        }
        return 0;
}

void options_done(const Option *options, void *target) {
        for (const Option *o = options; o && o->name; o++)
                if (o->type == OPTION_LIST)
                        g_strfreev(*(char ***) ((char *) target + o->offset));
}

void options_print(const Option *options) {
        for (const Option *o = options; o->name; o++) {
                _cleanup_free_ char *left = NULL;

                if (!o->help)
                        continue;
                left = g_strdup_printf(
                                "%s%s%s--%s%s%s", o->alias ? "-" : "", o->alias ? o->alias : "",
                                o->alias ? ", " : "    ", o->name, o->placeholder ? " " : "",
                                o->placeholder ? o->placeholder : "");
                printf("  %-30s %s\n", left, _(o->help));
        }
}

#define USAGE_COLUMNS 79
#define USAGE_INDENT  12

static void append_usage(GString *out, size_t *column, const char *word) {
        if (*column + 1 + strlen(word) > USAGE_COLUMNS) {
                g_string_append_printf(out, "\n%*s", USAGE_INDENT - 1, "");
                *column = USAGE_INDENT - 1;
        }
        g_string_append_printf(out, " %s", word);
        *column += 1 + strlen(word);
}

void options_print_usage(const Option *options, const char *command, const char *arguments) {
        _cleanup_string_ GString *out = g_string_new(NULL);
        size_t column;

        g_string_printf(out, "%s %s", _("Usage:"), command);
        column = out->len;
        for (const Option *o = options; o->name; o++) {
                _cleanup_free_ char *word = NULL;

                if (!o->help)
                        continue;
                word =
                                g_strconcat("[", o->alias ? "-" : "", o->alias ? o->alias : "",
                                            o->alias ? "|" : "", "--", o->name, o->placeholder ? "=" : "",
                                            o->placeholder ? o->placeholder : "", "]", NULL);
                append_usage(out, &column, word);
        }
        if (*arguments)
                append_usage(out, &column, arguments);
        puts(out->str);
}
