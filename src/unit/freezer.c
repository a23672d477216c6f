/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns two calls. The files of the freezer are the cgroup layer's. */

#include "unit/freezer.h"

#include "basic/log.h"
#include "unit/bus.h"

int unit_set_frozen(Manager *m, const char *unit, bool freeze, uint64_t timeout_usec) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = manager_message(m, freeze ? "FreezeUnit" : "ThawUnit", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", unit);
        if (r < 0)
                return r;
        if (sd_bus_call(m->bus, call, timeout_usec, &error, NULL) >= 0)
                return 0;
        r = error_to_errno(&error);
        log_debug("systemd did not %s %s: %s", freeze ? "freeze" : "thaw", unit, error_text(&error));
        return r;
}
