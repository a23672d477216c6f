/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the answers to which steps of a container's init a configuration needs. Asks and does nothing. */

#include "sandbox/child-needs.h"

#include <sched.h>

#include "sandbox/devices.h"
#include "sandbox/host-root.h"
#include "sandbox/userns.h"

bool needs_opening(const SandboxContext *c) {
        return c->opens_inside;
}

bool needs_placing(const SandboxContext *c) {
        return c->unplaced;
}

bool needs_new_userns(const SandboxContext *c) {
        const SpecNamespace *ns = spec_namespace(c->spec, CLONE_NEWUSER);

        return ns && !ns->path;
}

bool needs_own_oom_score(const SandboxContext *c) {
        return c->options->join || !needs_new_userns(c);
}

bool needs_userns(const SandboxContext *c) {
        return userns_wanted(c->spec);
}

bool needs_mount_namespace(const SandboxContext *c) {
        return !host_root_wanted(c->spec);
}

bool needs_host_root(const SandboxContext *c) {
        return host_root_wanted(c->spec);
}

bool needs_keyring(const SandboxContext *c) {
        return !c->options->no_new_keyring;
}

bool needs_terminal(const SandboxContext *c) {
        return c->spec->process.terminal;
}

bool needs_no_terminal(const SandboxContext *c) {
        return !needs_terminal(c);
}

bool needs_cgroup_early(const SandboxContext *c) {
        return mounts_need_cgroup_early(c->spec);
}

bool needs_delegate(const SandboxContext *c) {
        return !isempty(spec_annotation(c->spec, SPEC_ANNOTATION_DELEGATE));
}

bool needs_masks_late(const SandboxContext *c) {
        return mounts_cover_any(c->spec, c->spec->linux_.masked_paths) ||
                        mounts_cover_any(c->spec, c->spec->linux_.readonly_paths);
}

bool needs_masks_early(const SandboxContext *c) {
        return !needs_masks_late(c);
}

bool needs_runtime_hooks(const SandboxContext *c) {
        return c->spec->n_hooks[SPEC_HOOK_PRESTART] + c->spec->n_hooks[SPEC_HOOK_CREATE_RUNTIME] > 0;
}

bool needs_container_hooks(const SandboxContext *c) {
        return c->spec->n_hooks[SPEC_HOOK_CREATE_CONTAINER] > 0;
}

bool needs_net_devices(const SandboxContext *c) {
        return c->spec->linux_.n_net_devices > 0;
}

bool needs_notify(const SandboxContext *c) {
        return c->options->notify_mount_fd >= 0;
}

bool needs_devices(const SandboxContext *c) {
        return devices_wanted(c->spec);
}

bool needs_initial_affinity(const SandboxContext *c) {
        return !isempty(c->spec->process.exec_cpu_affinity_initial);
}

bool needs_final_affinity(const SandboxContext *c) {
        return needs_initial_affinity(c) || !isempty(c->spec->process.exec_cpu_affinity_final);
}

/* Without a new user namespace we have the rights of our parent, and the file is ours as long as we are
 * dumpable. */
