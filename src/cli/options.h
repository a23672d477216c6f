/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Command line options as tables, read as Go's flag package reads them, because that is what callers of runc
 * write: -name and
 * --name are the same, the value follows or stands behind "=", switches take =true and =false, letters are
 * not combined, the first word that is no option ends them - unless the caller asks for those behind it. */

#include <stddef.h>

typedef enum OptionType {
        OPTION_SWITCH, /* bool */
        OPTION_STRING, /* const char * */
        OPTION_UINT,   /* unsigned */
        OPTION_LIST,   /* char **, grows */
        OPTION_UINTS,  /* the same, of words that are numbers of 32 bits */
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

/* What options_parse() finds that is in no table: options that every command has. */
enum {
        OPTIONS_HELP = 1, /* -h, -?, --help */
        OPTIONS_USAGE,    /* --usage */
};

/* Reads options from argv[*index] on into the structure at target, and leaves *index at the first word that
 * is none. The list ends with an entry without a name. Returns 0, OPTIONS_HELP or OPTIONS_USAGE, or -EINVAL:
 * an unknown option, or a wrong value; *ret_error (caller frees) says which. Does not log. */
int options_parse(const Option *options, char **argv, int *index, void *target, char **ret_error);

/* The same for options among words[], which are taken out of it: callers of runc write "delete ID --force",
 * too. Only what is in the table is an option here; "--" ends them. */
int options_parse_among(const Option *options, char **words, void *target, char **ret_error);

/* Frees the lists in target. */
void options_done(const Option *options, void *target);

/* Writes the options as a help text to stdout. */
void options_print(const Option *options);

/* Writes the short form: "[--name=PATH] ...", in lines of at most 79 columns, behind a first word and before
 * the words that are no options. */
void options_print_usage(const Option *options, const char *command, const char *arguments);
