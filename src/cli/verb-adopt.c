/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The verb for after an upgrade: new supervisors for containers that run. */

#include <stdio.h>
#include <stdlib.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "cli/i18n.h"
#include "cli/verb-options.h"
#include "cli/verbs.h"
#include "runtime/adopt.h"

static int adopt_one(const char *id) {
        Adoption adoption;
        int r;

        r = container_adopt(id, &adoption);
        if (r < 0)
                return r;
        printf(_("%s: process %d has taken over from %d\n"), id, (int) adoption.new_pid,
               (int) adoption.old_pid);
        (void) fflush(stdout);
        return 0;
}

int verb_adopt(const VerbCall *call) {
        const AdoptCall *o = call->options;
        _cleanup_strv_ char **all = NULL;
        int r, status = EXIT_SUCCESS;

        if (o->all == (call->args[0] != NULL)) {
                log_error("\"adopt\" requires either --all or the IDs of containers");
                return EXIT_FAILURE;
        }
        if (o->all) {
                r = adopt_list(&all);
                if (r < 0)
                        return EXIT_FAILURE;
        }
        i18n_setup();
        for (char **id = all ?: call->args; *id; id++)
                if (adopt_one(*id) < 0)
                        status = EXIT_FAILURE;
        return status;
}
