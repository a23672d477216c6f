/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* berth-proxy [--exit-idle-time=TIME] INSTANCE TARGET...: ExecStart= of container-proxy@.service. */

#include <stdlib.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "basic/unit-name.h"
#include "runtime/proxy-port.h"

int main(int argc, char **argv) {
        _cleanup_free_ char *id = NULL, *declared = NULL;
        const char *idle = NULL;
        char **words = argv + 1;

        log_set_program("berth-proxy");
        log_set_level(LOG_INFO);
        log_set_style(getenv("JOURNAL_STREAM") ? LOG_STYLE_JOURNAL : LOG_STYLE_PLAIN);
        if (*words) {
                idle = startswith(*words, "--exit-idle-time=");
                words += idle ? 1 : 0;
        }
        if (!words[0] || !words[1] || unit_argument_parse(words[0], &id, &declared) < 0) {
                log_error("This program is run by container-proxy@.service, with the name of a container "
                          "and "
                          "what is forwarded to.");
                return EXIT_FAILURE;
        }
        log_set_container(id);
        return proxy_ports_forward(id, (const char *const *) words + 1, idle) < 0 ? EXIT_FAILURE
                                                                                  : EXIT_SUCCESS;
}
