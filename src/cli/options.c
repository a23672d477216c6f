/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cli/options.h"

#include <stdio.h>

#include "basic/cleanup.h"
#include "basic/log.h"
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

        if (value && parse_boolean(value, &b) < 0)
                return log_error_errno(-EINVAL, "invalid boolean value \"%s\" for -%s", value, o->name);
        if (o->type == OPTION_SWITCH)
                *member = b;
        return 0;
}

static void append(char ***list, const char *value) {
        size_t n = *list ? g_strv_length(*list) : 0;

        *list = g_renew(char *, *list, n + 2);
        (*list)[n] = g_strdup(value);
        (*list)[n + 1] = NULL;
}

static int set_value(const Option *o, const char *value, void *member) {
        uint32_t number;

        switch (o->type) {
        case OPTION_STRING:
                *(const char **) member = value;
                return 0;
        case OPTION_UINT:
                if (parse_uint32(value, &number) < 0)
                        return log_error_errno(
                                        -EINVAL, "invalid value \"%s\" for flag -%s: expected a number",
                                        value, o->name);
                *(unsigned *) member = number;
                return 0;
        case OPTION_LIST:
                append(member, value);
                return 0;
        default:
                return 0;
        }
}

static int parse_one(const Option *options, char **argv, int *index, void *target) {
        const char *name = argv[*index] + (argv[*index][1] == '-' ? 2 : 1), *value = strchr(name, '=');
        size_t length = value ? (size_t) (value - name) : strlen(name);
        const Option *o;
        void *member;

        o = find_option(options, name, length);
        if (!o)
                return log_error_errno(-EINVAL, "flag provided but not defined: -%.*s", (int) length, name);
        member = (char *) target + o->offset;
        (*index)++;
        if (value)
                value++;
        if (is_switch(o))
                return set_switch(o, value, member);
        if (!value) {
                value = argv[*index];
                if (!value)
                        return log_error_errno(-EINVAL, "flag needs an argument: -%s", o->name);
                (*index)++;
        }
        return set_value(o, value, member);
}

int options_parse(const Option *options, char **argv, int *index, void *target) {
        while (argv[*index] && argv[*index][0] == '-' && argv[*index][1]) {
                int r;

                if (streq(argv[*index], "--")) {
                        (*index)++;
                        return 0;
                }
                r = parse_one(options, argv, index, target);
                if (r < 0)
                        return r;
        }
        return 0;
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
