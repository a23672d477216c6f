/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a container's init does between clone and exec. */

#include "sandbox/capabilities.h"
#include "sandbox/console.h"
#include "sandbox/mounts.h"
#include "sandbox/namespaces.h"
#include "sandbox/sandbox.h"
#include "sandbox/seccomp-filter.h"

/* All that the steps work on. Made by the parent, inherited by the clone. */
typedef struct SandboxContext {
        const Spec *spec;
        const SandboxOptions *options;
        int report_fd;
        int root_fd;
        int proc_fd; /* private procfs; child only */
        MountSources mounts;
        NamespaceFds namespaces;
        SeccompProgram seccomp;
        CapabilityPlan capabilities;
        Console console;     /* child only */
        char *executable;    /* child only: what exec will be given */
        bool cgroup_entered; /* child only */
        bool cwd_entered;    /* child only */
        bool not_executable; /* child only: what fails is the payload's program */
        int time_offsets_fd; /* child only */
        int notify_mount_fd; /* child only: opened there instead of by the parent */
        bool opens_inside;   /* init opens root and mount sources: the parent has no right to */
        bool unplaced;       /* not cloned into the cgroup that the options name: we have no right to */
} SandboxContext;

/* Runs all steps, waits for the start, executes the payload. Failures go to the parent. */
void child_run(SandboxContext *context) __attribute__((noreturn));
