/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From a Spec to a process that is about to execute the payload. The parent's side of it; child.c is the
 * other one. */

#include <stdbool.h>
#include <stddef.h>

#include "basic/process-util.h"
#include "spec/spec.h"

/* The container's state as hooks get it (JSON, one line), with this status and pid. Caller frees. */
typedef char *(*SandboxDescribe)(const char *status, pid_t pid, void *userdata);

typedef struct SandboxOptions {
        const char *id;
        SandboxDescribe describe; /* for hooks that init runs, and for seccomp agents */
        void *describe_userdata;
        const char *seccomp_cache; /* directory, NULL: none */
        const PidRef *join; /* run in the namespaces of this process instead of making any; NULL: make a
                               container */
        int cgroup_fd;      /* where the process is cloned into; -EBADF: where we are */
        bool ids_later;     /* sandbox_map_ids() will be called: until then the process has our ids */
        bool no_pivot;
        bool no_new_keyring;
        bool keep_affinity;  /* otherwise the payload may use every CPU of its cpuset */
        int start_fd;        /* listening socket on which init waits when released; -EBADF: it waits for
                              * sandbox_start_payload() */
        int notify_mount_fd; /* see notify-mount.h; -EBADF: none */
        int notify_fd; /* with start_fd: the notification socket, which init keeps for who starts it; -EBADF:
                          none */
        const int *payload_fds; /* become 3, 4, ..., behind what the start hands over; negative: a hole */
        size_t n_payload_fds;
        const char *const *payload_env; /* added to the configuration's */
        int *exec_error; /* where a negative errno goes when it is the payload's program that cannot be
                            executed; NULL: nowhere */
} SandboxOptions;

/* What init has said. */
typedef enum SandboxEvent {
        SANDBOX_PROGRESS,      /* nothing to do */
        SANDBOX_WANT_CGROUP,   /* waits for sandbox_allow(), which is due when it is in its cgroup */
        SANDBOX_WANT_DELEGATE, /* waits for sandbox_allow(), which is due when it is in its delegated cgroup
                                */
        SANDBOX_WANT_HOOKS, /* waits for sandbox_allow(), which is due when the runtime's hooks have run */
        SANDBOX_READY,      /* only exec is left */
        SANDBOX_EXECUTED,   /* the payload runs (or has been killed before) */
} SandboxEvent;

typedef struct Sandbox Sandbox;

/* All that can be refused or opened before anything is made: root, mount sources, namespaces, seccomp
 * program. spec and options must stay valid. Logs. */
int sandbox_new(const Spec *spec, const SandboxOptions *options, Sandbox **ret);

/* Kills init if it was cloned and not released. */
void sandbox_free(Sandbox *sandbox);
DEFINE_CLEANUP(Sandbox *, sandbox_free);

/* Without a mount namespace (host_root_wanted()): the root's mount, which has to be known to who will
 * unmount it before it is mounted. */
int sandbox_root_id(const Sandbox *sandbox, uint64_t *ret);
int sandbox_attach_root(Sandbox *sandbox);

/* Clones init, which begins at once. Logs. */
int sandbox_clone(Sandbox *sandbox);

/* Writes the id maps of a new user namespace, and lets init go on: part of sandbox_clone() unless ids_later
 * was asked for. Logs. */
int sandbox_map_ids(Sandbox *sandbox);

/* Whether a process for a running container is not in the cgroup that it was to be cloned into, for lack of
 * rights: it waits for sandbox_allow(), which is due when it is there. */
bool sandbox_is_unplaced(const Sandbox *sandbox);

/* Readable when init has something to say. */
int sandbox_fd(const Sandbox *sandbox);
const PidRef *sandbox_init(const Sandbox *sandbox);

/* Handles one message of init. Logs; a failure of init is logged here with its words and returned as its
 * errno. */
int sandbox_dispatch(Sandbox *sandbox, SandboxEvent *ret);

/* Lets init go on after SANDBOX_WANT_CGROUP. */
int sandbox_allow(Sandbox *sandbox);

/* The pty's master after SANDBOX_READY, -EBADF without a terminal; borrowed. */
int sandbox_console_master(const Sandbox *sandbox);
const char *sandbox_console_name(const Sandbox *sandbox);

/* After SANDBOX_READY: init waits on start_fd from now on, and lives on without us. */
int sandbox_release(Sandbox *sandbox);

/* After SANDBOX_READY and instead of a start over the socket: the payload is executed; SANDBOX_EXECUTED,
 * from which on init lives on without us, or a failure follows. */
int sandbox_start_payload(Sandbox *sandbox);
