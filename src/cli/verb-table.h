/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tables of verbs, and what runs a command line by one. */

#include <stddef.h>

#include "cli/options.h"
#include "cli/verbs.h"

/* Values of max_args: any number, and any number of which the last are another program's command line. */
enum {
        ARGS_ANY = -1,
        ARGS_COMMAND = -2
};

typedef struct Verb {
        const char *name;
        int min_args, max_args;
        const Option *options;
        size_t options_size; /* of the structure they fill */
        int (*run)(const VerbCall *call);
        const char *arguments;
        const char *help; /* translatable */
} Verb;

typedef struct VerbTable {
        const Verb *verbs;
        size_t n;
} VerbTable;

extern const VerbTable oci_verbs;      /* berth */
extern const VerbTable declared_verbs; /* berth-declared */

/* Runs the verb that argv[0] names; argv is NULL-terminated. Returns the exit status; -ENOENT: it is not in
 * the table. */
int verb_run(const VerbTable *table, const GlobalOptions *global, char **argv);

/* The help of one verb on stdout. Outcomes as above. */
int verb_help(const VerbTable *table, const char *name);

/* The verbs as a help text on stdout. */
void verbs_print(const VerbTable *table);
