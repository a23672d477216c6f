/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a container's init and the process that made it say to each other, over one SOCK_SEQPACKET pair: one
 * definition for both ends. Each message is one datagram: kind, errno, text, descriptors. Nothing here logs.
 */

#include <stddef.h>
#include <stdint.h>

typedef enum ReportKind {
        /* child to parent */
        REPORT_LOG,       /* text is a message of level in value */
        REPORT_FAILED,    /* err is its errno: the child is about to exit; value 1: the payload's program is
                           * what cannot be executed */
        REPORT_WANT_MAPS, /* new user namespace: write my uid and gid maps */
        REPORT_WANT_CGROUP,   /* I go on when I am in the scope's cgroup */
        REPORT_WANT_DELEGATE, /* my cgroup namespace is made: move me into the delegated cgroup */
        REPORT_WANT_NET,      /* I am in my network namespace: give me my interfaces */
        REPORT_WANT_HOOKS,    /* mounts are made, not pivoted: run the runtime's hooks */
        REPORT_CONSOLE,       /* fd: pty master */
        REPORT_NOTIFY,        /* fd: the payload's notification socket, to who starts it */
        REPORT_SECCOMP,       /* a seccomp listener is to be fetched: see sandbox/seccomp-listener.h */
        REPORT_READY,         /* only exec is left */
        REPORT_EXECUTED,      /* never sent: the socket's end (O_CLOEXEC) says it */
        /* parent to child */
        REPORT_GO,    /* what you asked for is done */
        REPORT_START, /* execute the payload; text: NUL-separated environment additions, fds: its descriptors
                       */
        _REPORT_KIND_MAX,
} ReportKind;

typedef struct Report {
        ReportKind kind;
        int err; /* positive errno or 0 */
        int value;
        char *text; /* NUL-terminated; may contain NULs before size */
        size_t size;
        int *fds; /* owned */
        size_t n_fds;
} Report;

#define REPORT_NULL ((Report) { 0 })

void report_done(Report *report);

/* Makes the pair, both ends O_CLOEXEC. */
int report_socket(int ret_pair[static 2]);

/* Sends a message. text may be NULL, size counts its bytes (0: strlen). */
int report_send(int fd, const Report *report);

/* Sends a kind and nothing else. */
int report_send_kind(int fd, ReportKind kind);

/* Receives one message. Returns 1 for a message, 0 when the other side has closed (or executed), negative
 * errno. */
int report_receive(int fd, Report *ret);
