/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Command line options as tables, read as Go's flag package reads them, because that is what callers of runc
 * write: -name and
 * --name are the same, the value follows or stands behind "=", switches take =true and =false, the first
 * word that is no option ends them. */

#include <stddef.h>

typedef enum OptionType {
        OPTION_SWITCH, /* bool */
        OPTION_STRING, /* const char * */
        OPTION_UINT,   /* unsigned */
        OPTION_LIST,   /* char **, grows */
        OPTION_IGNORE, /* takes a value and forgets it */
        OPTION_IGNORE_SWITCH,
} OptionType;

typedef struct Option {
        const char *name;
        const char *alias; /* NULL: none */
        OptionType type;
        size_t offset;           /* of the member it sets */
        const char *placeholder; /* "PATH", for the help; NULL for switches */
        const char *help;        /* translatable; NULL: not shown */
} Option;

/* Reads options from argv[*index] on into the structure at target, and leaves *index at the first word that
 * is none. The list ends with an entry without a name. Logs. -EINVAL: an unknown option, or a wrong value.
 */
int options_parse(const Option *options, char **argv, int *index, void *target);

/* Writes the options as a help text to stdout. */
void options_print(const Option *options);
