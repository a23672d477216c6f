/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what "machinectl terminate" comes to: it stops the scope, and the unit has to follow. Only containers
 * that are machines have a connection to a bus here. */

#include "runtime/supervise-internal.h"

#include <string.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "runtime/service-env.h"

/* systemd-machined stops the scope of a machine whose leader has ended, too. */
static bool is_alive(void *userdata) {
        const Supervisor *s = userdata;

        return s->phase != PHASE_ENDED && !pidref_exited(&s->init);
}

int supervise_watch_machine(Supervisor *s, const char *cgroup) {
        _cleanup_free_ char *unit = NULL;
        const char *scope = strrchr(cgroup, '/');
        int r;

        if (!s->params.machine || !scope || s->machine)
                return 0;
        r = service_own_unit(&unit);
        if (r < 0)
                return log_error_errno(r, "Failed to find our own unit: %m");
        return scope_watch_new(
                        s->event, (const char *const[]) { scope + 1, unit }, is_alive, s, &s->machine);
}
