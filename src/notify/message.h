/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a payload's sd_notify(3) datagrams mean: one datagram in, one datagram out, fields in their order.
 * Pure: no system calls, no clock, no log. The fields are a table in message.c; sd_notify(3) says what each
 * of them is for. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The longest datagram that the service manager reads. */
#define NOTIFY_MESSAGE_MAX 4096U

/* What the administrator leaves to the payload: it changes how systemd treats the service. */
typedef enum NotifyAllow {
        NOTIFY_ALLOW_RESTART_RESET = 1 << 0,
        NOTIFY_ALLOW_WATCHDOG_USEC = 1 << 1,
} NotifyAllow;

/* "restart-reset" or "watchdog-usec" as its bit; -EINVAL: another word. Pure. */
int notify_allow_from_string(const char *word);

/* The words of several bits with spaces between them. Caller frees. */
char *notify_allow_to_string(unsigned allow);
/* Of a status text that gets another in front, and of that, so much is kept. */
#define NOTIFY_STATUS_MAX 500U

/* What is known besides the datagram itself. */
typedef struct NotifyPolicy {
        bool hold_ready;           /* READY=1 is noted, but does not reach the service manager (yet) */
        bool fd_store;             /* the unit keeps descriptors (FileDescriptorStoreMax=) */
        unsigned allow;            /* NotifyAllow bits */
        uint64_t now_usec;         /* CLOCK_MONOTONIC here, for a RELOADING=1 that comes without a time */
        const char *status_prefix; /* what STATUS= begins with, at most NOTIFY_STATUS_MAX; NULL: nothing */
        int64_t clock_offset_usec; /* CLOCK_MONOTONIC of the payload's time namespace minus ours */
} NotifyPolicy;

/* What the sender said that somebody here may have to act on. */
typedef enum NotifyAction {
        NOTIFY_ACTION_READY = 1 << 0,
        NOTIFY_ACTION_RELOADING = 1 << 1,
        NOTIFY_ACTION_STOPPING = 1 << 2,
        NOTIFY_ACTION_BARRIER = 1 << 3,
        NOTIFY_ACTION_EXIT_STATUS = 1 << 4,
        NOTIFY_ACTION_MAIN_PROCESS = 1 << 5,
        NOTIFY_ACTION_WATCHDOG_USEC = 1 << 6, /* only where it is allowed */
} NotifyAction;

typedef struct NotifyMessage {
        char text[NOTIFY_MESSAGE_MAX]; /* what to send on, no NUL at its end */
        size_t size;                   /* 0: nothing to send */
        bool with_fds;       /* the datagram's descriptors go along; otherwise they have to be closed */
        unsigned actions;    /* NotifyAction bits */
        const char *problem; /* what was dropped and why; NULL: nothing. Static */
        char field[64];      /* name of the first field that was dropped, "" when it was not about a field */
        int exit_status;     /* with NOTIFY_ACTION_EXIT_STATUS */
        pid_t main_pid; /* with NOTIFY_ACTION_MAIN_PROCESS, in the sender's words; 0: the descriptor is its
                           pidfd */
        uint64_t main_pidfdid;  /* beside main_pid; 0: not said */
        uint64_t watchdog_usec; /* with NOTIFY_ACTION_WATCHDOG_USEC */
        bool has_status;
        char status[NOTIFY_STATUS_MAX + 1]; /* STATUS=, cut, without the prefix */
} NotifyMessage;

/* Translates a datagram that came with n_fds descriptors. Unknown fields, bad values and descriptors that no
 * field asks for are dropped (problem says so), the rest of the datagram is not. A datagram with BARRIER=1
 * carries nothing else. Beside a bad name, nothing about the descriptor store is passed on. What is said
 * about the main process never is. */
void notify_message_translate(
                const char *datagram, size_t size, size_t n_fds, const NotifyPolicy *policy,
                NotifyMessage *ret);

/* A status text of two: the first, and the second behind a semicolon if there is one. Returns how long it
 * is, without its NUL. Pure. */
size_t notify_status_join(char *buffer, size_t size, const char *prefix, const char *text);
