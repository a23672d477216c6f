/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which steps of child.c a container needs: predicates for its tables, each named for its step. */

#include "sandbox/child.h"

bool needs_opening(const SandboxContext *c);
bool needs_placing(const SandboxContext *c);
bool needs_new_userns(const SandboxContext *c);
bool needs_own_oom_score(const SandboxContext *c);
bool needs_userns(const SandboxContext *c);
bool needs_mount_namespace(const SandboxContext *c);
bool needs_host_root(const SandboxContext *c);
bool needs_keyring(const SandboxContext *c);
bool needs_terminal(const SandboxContext *c);
bool needs_no_terminal(const SandboxContext *c);
bool needs_cgroup_early(const SandboxContext *c);
bool needs_delegate(const SandboxContext *c);
bool needs_masks_late(const SandboxContext *c);
bool needs_masks_early(const SandboxContext *c);
bool needs_runtime_hooks(const SandboxContext *c);
bool needs_container_hooks(const SandboxContext *c);
bool needs_net_devices(const SandboxContext *c);
bool needs_notify(const SandboxContext *c);
bool needs_devices(const SandboxContext *c);
bool needs_initial_affinity(const SandboxContext *c);
bool needs_final_affinity(const SandboxContext *c);
