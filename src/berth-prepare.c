/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* berth-prepare VERB INSTANCE: what berth-supervise begins with, and ExecReload= and ExecStopPost= of
 * container@.service and of the units of single connections, whose argument is their whole name. */

#include <stdlib.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "basic/unit-name.h"
#include "runtime/prepare-config.h"
#include "runtime/prepare-instance.h"
#include "runtime/prepare.h"
#include "runtime/reload-request.h"

static int stop(const char *id, const char *declared) {
        return prepare_stop(id);
}

static int reload(const char *id, const char *declared) {
        return reload_request(id);
}

static int explain(const char *id, const char *declared) {
        return prepare_explain(declared);
}

static int instance(const char *id, const char *declared) {
        return prepare_instance(declared);
}

static const struct {
        const char *name;
        int (*run)(const char *id, const char *declared);
} verbs[] = {
        { "start", prepare_start }, { "reload", reload },
        { "stop", prepare_end },    { "remove", stop }, /* for units that nobody is to see coming back */
        { "explain", explain },     { "instance", instance },
};

int main(int argc, char **argv) {
        _cleanup_free_ char *id = NULL, *declared = NULL;

        log_set_program("berth-prepare");
        log_set_level(LOG_INFO);
        log_set_style(getenv("JOURNAL_STREAM") ? LOG_STYLE_JOURNAL : LOG_STYLE_PLAIN);
        if (argc != 3 && !(argc == 4 && streq(argv[1], "guard"))) {
                log_error("Usage: berth-prepare start|reload|stop|remove|explain|instance INSTANCE, or "
                          "guard "
                          "INSTANCE UNIT");
                return EXIT_FAILURE;
        }
        if (unit_argument_parse(argv[2], &id, &declared) < 0) {
                log_error("'%s' cannot be the name of a container", argv[2]);
                return EXIT_FAILURE;
        }
        log_set_container(id);
        if (argc == 4)
                return prepare_guard(id, argv[3]) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (streq(verbs[i].name, argv[1]))
                        return verbs[i].run(id, declared) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        log_error("Unknown verb '%s'", argv[1]);
        return EXIT_FAILURE;
}
