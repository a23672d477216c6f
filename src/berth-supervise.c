/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ExecStart= of container@.service. Everything it does is in runtime/supervisor.h. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/log-journal.h"
#include "basic/log.h"
#include "basic/unit-name.h"
#include "runtime/adhoc-terminal.h"
#include "runtime/relay.h"
#include "runtime/supervisor.h"

int main(int argc, char **argv) {
        _cleanup_free_ char *id = NULL, *declared = NULL;

        log_set_program("berth-supervise");
        log_set_level(LOG_INFO);
        if (argc == 2 && unit_argument_parse(argv[1], &id, &declared) >= 0 && adhoc_terminal_take(id) < 0)
                return EXIT_FAILURE;
        if (stream_is_journal(STDERR_FILENO, getenv("JOURNAL_STREAM")))
                log_set_style(LOG_STYLE_JOURNAL);

        if (!id) {
                log_error("This program is run by container@.service, with the name of a container.");
                return EXIT_FAILURE;
        }
        log_set_container(id);
        return supervise(id, argv[1]);
}
