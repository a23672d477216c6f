/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what follows from the payload's notifications, and when systemd is told that the container is ready.
 * Passing them on is the proxy's business. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "runtime/supervise-internal.h"

#include "basic/cleanup.h"
#include "basic/log.h"
#include "notify/message.h"
#include "runtime/ready.h"
#include "runtime/service-env.h"

static void record_ready(const Supervisor *s) {
        int r;

        r = ready_record(s->root, s->id);
        if (r < 0)
                (void) log_warning_errno(r, "Failed to record that '%s' is ready: %m", s->id);
}

static void on_notify(unsigned actions, void *userdata) {
        Supervisor *s = userdata;

        if ((actions & NOTIFY_ACTION_READY) && s->params.notify == NOTIFY_MODE_READY)
                record_ready(s);
}

int supervise_make_proxy(Supervisor *s) {
        _cleanup_close_ int dir_fd = -EBADF;
        int r;

        r = notify_proxy_new(s->event, getenv("NOTIFY_SOCKET"), on_notify, s, &s->proxy);
        if (r < 0)
                return r;
        dir_fd = openat(s->unit_dir_fd, "notify", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (dir_fd < 0)
                return log_error_errno(errno, "Failed to open '%s/notify': %m", s->unit_dir);
        r = notify_socket_bind(dir_fd);
        if (r < 0)
                return r;
        notify_proxy_set_socket(s->proxy, r);
        if (service_has_fd_store())
                notify_proxy_allow_store(s->proxy);
        return 0;
}

int supervise_start_proxy(Supervisor *s, const char *cgroup) {
        return notify_proxy_start(
                        s->proxy, cgroup, /* hold_ready= */ s->params.notify == NOTIFY_MODE_HEALTHY,
                        service_clock_offset_usec(s->init.pid));
}

void supervise_say_ready(Supervisor *s) {
        if (s->params.notify == NOTIFY_MODE_HEALTHY)
                notify_proxy_release_ready(s->proxy);
        else
                notify_proxy_send(s->proxy, "READY=1");
        record_ready(s);
}
