/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The way of a payload's notifications to the $NOTIFY_SOCKET of who called create, start or run. The
 * foreground run serves it itself; for the others a process stays that does nothing else. */

#include <systemd/sd-event.h>

#include "basic/process-util.h"
#include "notify/proxy.h"
#include "runtime/state.h"

/* How long the service manager may take to read the last notifications when the payload has ended. */
#define NOTIFY_DRAIN_MS 1000

/* The socket as the payload finds it in its environment. */
#define NOTIFY_PAYLOAD_ADDRESS "/run/notify/" NOTIFY_SOCKET_NAME

/* The payload's end. */
typedef struct NotifyEndpoint {
        int mount_fd;  /* detached mount of the directory; -EBADF: none */
        int socket_fd; /* -EBADF: none */
} NotifyEndpoint;

#define NOTIFY_ENDPOINT_NULL ((NotifyEndpoint) { .mount_fd = -EBADF, .socket_fd = -EBADF })

/* Makes the directory "notify" with the socket in a container's state directory. Logs. */
int notify_endpoint_make(int state_dir_fd, NotifyEndpoint *ret);

void notify_endpoint_done(NotifyEndpoint *endpoint);

/* Returns the address if somebody listens there; otherwise NULL, with a warning. NULL stays NULL. */
const char *notify_usable_address(const char *address);

typedef struct NotifyRoute {
        const char *root, *id; /* of the container: where it is recorded that it is ready */
        const char *address;   /* of the service manager */
        int socket_fd;         /* of the payload; -EBADF: it has none. Stays the caller's */
        const char *cgroup;    /* where senders have to be; NULL: whoever reaches the socket is one */
        const PidRef *init;
} NotifyRoute;

/* Passes notifications on in an event loop; the route has to last as long as that. Logs. */
int notify_route_serve(sd_event *event, const NotifyRoute *route, NotifyProxy **ret);

/* Tells the service manager that init is the main process, and leaves a process that passes notifications on
 * until init ends; it is recorded in the state. Nothing of this is worth ending a container for that runs:
 * it logs, and the container goes on without. */
void notify_route_leave(const NotifyRoute *route, int state_dir_fd, State *state);

/* Waits for the end of that process, which follows the end of init; one that hangs is killed. */
void notify_route_end(const State *state);
