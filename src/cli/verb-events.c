/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The verb events. */

#include <stdlib.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "cli/verb-options.h"
#include "cli/verbs.h"
#include "runtime/events.h"

int verb_events(const VerbCall *call) {
        const EventsCall *o = call->options;
        const char *interval = o->interval ? o->interval : "5s";
        EventsOptions options = { .root = call->global->root, .id = call->args[0], .stats = o->stats };

        if (events_interval_parse(interval, &options.interval_usec) < 0) {
                log_error("invalid value \"%s\" for --interval: expected a duration like 5s or 100ms, "
                          "greater than 0",
                          interval);
                return EXIT_FAILURE;
        }
        return container_events(&options) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
