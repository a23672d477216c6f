/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The notification socket of a container and the way from there to the service manager: one datagram in, one
 * datagram out, in order, with its descriptors; nothing waits. What a datagram means is decided in
 * message.h. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"
#include "basic/process-util.h"

/* The socket's name in its directory, which becomes /run/notify in the container. */
#define NOTIFY_SOCKET_NAME "notify.sock"

typedef struct NotifyProxy NotifyProxy;

/* What a payload said. */
typedef struct NotifyEvent {
        unsigned actions;       /* NotifyAction bits of message.h */
        pid_t sender;           /* as it was when it was said */
        int exit_status;        /* with NOTIFY_ACTION_EXIT_STATUS */
        PidRef *main;           /* with NOTIFY_ACTION_MAIN_PROCESS: checked, and may be taken */
        uint64_t watchdog_usec; /* with NOTIFY_ACTION_WATCHDOG_USEC */
} NotifyEvent;

/* Told after what is to be passed on has been. */
typedef void (*NotifyHandler)(const NotifyEvent *event, void *userdata);

/* host_address is the value of $NOTIFY_SOCKET ("/path" or "@abstract"); NULL: nobody is there to pass
 * anything on to, and what the payload says is still read. Logs. -EAFNOSUPPORT: an address of another kind;
 * else the errno of connecting. */
int notify_proxy_new(
                sd_event *event, const char *host_address, NotifyHandler handler, void *userdata,
                NotifyProxy **ret);

void notify_proxy_free(NotifyProxy *p);
DEFINE_CLEANUP(NotifyProxy *, notify_proxy_free);

/* Makes the socket in a directory, replacing what a predecessor left, and returns its descriptor. Datagrams
 * wait in it until a proxy begins to read. Logs. */
int notify_socket_bind(int dir_fd);

/* Gives the proxy the payload's socket, which it closes at the end. */
void notify_proxy_set_socket(NotifyProxy *p, int fd);

/* From now on all is sent in the name of this process while it lives (see notify/host.h); borrowed, its
 * descriptor has to stay open. */
void notify_proxy_set_sender(NotifyProxy *p, const PidRef *sender);

/* The unit has a descriptor store, and the payload may use it. */
void notify_proxy_allow_store(NotifyProxy *p);

/* Whose notifications these are, and how they are to be read. */
typedef struct NotifyPayload {
        const char *cgroup; /* path in the unified hierarchy: senders, and the main process, have to be there
                               or below, unless they have exited already; NULL: whoever can reach the socket
                               is trusted */
        const PidRef *init; /* borrowed; NULL: what is said about the main process is of no interest */
        bool hold_ready;    /* as in NotifyPolicy, like the next two */
        unsigned allow;
        int64_t clock_offset_usec;
} NotifyPayload;

/* Begins to read. Logs. */
int notify_proxy_start(NotifyProxy *p, const NotifyPayload *payload);

/* The container is ready by another measure than the payload's word: if READY=1 is held back, it is said
 * now, and not held any more. Otherwise does nothing. */
void notify_proxy_release_ready(NotifyProxy *p);

/* What is said about the container, in front of what it says itself with STATUS=: tells systemd both at
 * once, and keeps it there from now on. text is copied, at most NOTIFY_STATUS_MAX bytes of it. */
void notify_proxy_set_status(NotifyProxy *p, const char *text);

/* Says something of our own to the service manager, behind what is queued. Does nothing without a host
 * address. Does not log: what could be lost is lost (systemd restarts or is gone). */
void notify_proxy_send(NotifyProxy *p, const char *text);

/* So many messages of a payload are passed on in this time; then it waits for the next such time. systemd
 * does nothing else while messages come. */
#define NOTIFY_BURST_MAX  20000U
#define NOTIFY_BURST_USEC (10 * UINT64_C(1000000))

/* Reads what is left in the socket and passes it and the queue on, waiting for the service manager at most
 * timeout_ms. For the end, when the senders are gone. Does not log but what is dropped. */
void notify_proxy_drain(NotifyProxy *p, int timeout_ms);

/* Whether a process in cgroup "process" is in or below cgroup "container". Pure. */
bool notify_cgroup_contains(const char *container, const char *process);
