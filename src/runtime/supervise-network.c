/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the end of a container with the one whose network it uses (Network=container:NAME). A dependency of
 * units would end it with that one's supervisor already. */

#include "runtime/supervise-internal.h"

#include <errno.h>
#include <sys/epoll.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "runtime/state.h"

static int on_end(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Supervisor *s = userdata;

        log_info("Container '%s' has ended, whose network container '%s' uses: stopping it, too.",
                 s->params.network_of, s->id);
        supervise_request_stop(s);
        return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

int supervise_watch_network(Supervisor *s) {
        _cleanup_(state_freep) State *state = NULL;
        int r;

        if (!s->params.network_of || s->network.pid > 0)
                return 0;
        r = state_try_load(s->root, s->params.network_of, &state);
        if (r >= 0)
                r = state_open_init(state, &s->network);
        if (r == -ENOENT || r == -ESRCH)
                return log_error_errno(
                                r, "Container '%s' has ended, whose network container '%s' uses.",
                                s->params.network_of, s->id);
        if (r >= 0)
                r = sd_event_add_io(s->event, NULL, s->network.fd, EPOLLIN, on_end, s);
        return r < 0 ? log_error_errno(r, "Failed to watch container '%s': %m", s->params.network_of) : 0;
}
