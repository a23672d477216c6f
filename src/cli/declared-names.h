/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The verbs about declarations and images are another program's, berth-declared: what a runtime executes for
 * each container stays small, and has to be copied for each (basic/own-binary.h). berth knows their names,
 * shows them in its help, and executes the other. */

#include "cli/i18n.h"

#define HELP_CAT      N_("show what a declaration says, with its drop-ins, and where it says so")
#define HELP_CONVERT  N_("make a declaration of a Quadlet or nspawn file, or of an inspection")
#define HELP_GENERATE N_("print the units that declarations become")
#define HELP_PULL     N_("fetch an image for Image= of declarations")
#define HELP_VERIFY   N_("find all that is wrong with declarations")

typedef struct DeclaredName {
        const char *name;
        const char *help; /* translatable */
} DeclaredName;

/* Alphabetical, up to an entry without a name. */
extern const DeclaredName declared_names[];

/* Executes berth-declared with the same command line if name is one of its verbs. Returns only when it is
 * not
 * (-ENOENT), or having logged why it could not be executed. */
int declared_execute(const char *name, char **argv);
