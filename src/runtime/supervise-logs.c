/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what is known of a payload for its log. */

#include <syslog.h>
#include <unistd.h>

#include "runtime/supervise-internal.h"

#include "basic/process-util.h"
#include "basic/unit-name.h"
#include "runtime/state.h"

int supervise_set_up_logs(Supervisor *s, const char *cgroup) {
        _cleanup_(log_settings_done) LogSettings settings = LOG_SETTINGS_NULL;
        _cleanup_free_ char *scope = g_path_get_basename(cgroup), *own = NULL, *service = NULL;
        _cleanup_(state_freep) State *state = NULL;
        RelayOrigin origin = { .settings = &settings };
        bool user;
        int r;

        if (!s->relays[STREAM_OUT] && !s->relays[STREAM_ERR])
                return 0;
        r = state_load(s->root, s->id, &state);
        if (r < 0)
                return r;
        log_settings_parse(state->log_settings, &settings);
        origin.image = state->image;
        origin.scope = g_str_has_suffix(scope, ".scope") ? scope : NULL;
        origin.user = state->user_manager;
        if (pid_cgroup(/* pid= */ 0, &own) >= 0)
                origin.service = service = unit_name_of_cgroup(own, &user);
        for (size_t i = 0; i < _STREAM_MAX; i++)
                if (s->relays[i])
                        relay_set_origin(s->relays[i], &origin);
        return 0;
}
