/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Making a container: everything between a bundle and an init that only has to execute the payload. */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "runtime/notify-route.h"
#include "runtime/placement.h"
#include "runtime/state.h"
#include "sandbox/sandbox.h"
#include "spec/spec.h"

typedef struct CreateOptions {
        const char *root;
        const char *id;
        const char *bundle;             /* directory */
        const char *config;             /* NULL: config.json in the bundle */
        const char *pid_file;           /* NULL: none */
        const char *console_socket;     /* NULL: none */
        const char *pidfd_socket;       /* NULL: none */
        const char *resources_from;     /* unit whose resource settings the scope gets, too; NULL: none */
        const PropertyList *properties; /* of the scope, which win over all others; NULL: none */
        CgroupManager cgroup_manager;
        Rootless rootless;
        unsigned preserve_fds;
        bool no_pivot;
        bool no_new_keyring;
        bool detach;         /* nobody stays with the container */
        bool keep;           /* who stays with it does not remove it at its end */
        bool wait_for_start; /* creation_release() will be called, not creation_start() */
        int *exec_error;     /* see SandboxOptions; NULL: nowhere */
} CreateOptions;

/* A container on its way. */
typedef struct Creation Creation;

/* Reads and checks everything, makes the container and waits until only exec is left. On failure nothing is
 * left behind. Logs. -EEXIST: there is such a container; -EHOSTDOWN: no systemd; -EINVAL: the configuration.
 */
int creation_new(const CreateOptions *options, Creation **ret);

/* Undoes everything unless the creation was finished. */
void creation_free(Creation *creation);
DEFINE_CLEANUP(Creation *, creation_free);

/* Leaves the container in state "created": init waits for "start". Logs. */
int creation_release(Creation *creation);

/* Executes the payload instead. Logs; on failure the container is still undone by creation_free(). */
int creation_start(Creation *creation);

/* For who stays with the container: borrowed. The terminal's master is -EBADF without one. */
const PidRef *creation_init(const Creation *creation);
int creation_console_master(const Creation *creation);

/* Whether somebody wants to hear from the payload, and how; borrowed. */
bool creation_notify_route(const Creation *creation, NotifyRoute *ret);
