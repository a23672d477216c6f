/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the list of verbs that berth-declared has. */

#include "cli/declared-names.h"

#include <errno.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/macro.h"

#define PROGRAM BERTH_LIBEXECDIR "/berth-declared"

const DeclaredName declared_names[] = {
        { "cat", HELP_CAT },   { "convert", HELP_CONVERT }, { "generate", HELP_GENERATE },
        { "pull", HELP_PULL }, { "verify", HELP_VERIFY },   { 0 },
};

int declared_execute(const char *name, char **argv) {
        const DeclaredName *d = declared_names;

        while (d->name && !streq(d->name, name))
                d++;
        if (!d->name)
                return -ENOENT;
        (void) execv(PROGRAM, argv);
        return log_error_errno(
                        -ENOEXEC, "Failed to execute '%s', which knows '%s': %s", PROGRAM, name,
                        g_strerror(errno));
}
