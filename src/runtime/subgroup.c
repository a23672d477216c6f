/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/subgroup.h"

#include "basic/log.h"
#include "cgroup/cgroup.h"
#include "cgroup/make.h"
#include "runtime/cgroup-owner.h"

char *subgroup_path(const State *state) {
        if (!state->cgroup)
                return NULL;
        return state->subgroup ? g_build_filename(state->cgroup, state->subgroup, NULL)
                               : g_strdup(state->cgroup);
}

int subgroup_enter(const State *state, int cgroup_fd, pid_t pid) {
        return cgroup_move_below(cgroup_fd, state->subgroup, pid);
}

int subgroup_delegate(const State *state, const Spec *spec, pid_t pid) {
        _cleanup_free_ char *path = subgroup_path(state);
        _cleanup_close_ int parent_fd = -EBADF, fd = -EBADF;

        parent_fd = cgroup_open(path);
        if (parent_fd < 0)
                return log_error_errno(parent_fd, "Failed to open the cgroup '%s': %m", path);
        fd = cgroup_move_below(parent_fd, spec_annotation(spec, SPEC_ANNOTATION_DELEGATE), pid);
        return fd < 0 ? fd : cgroup_owner_delegate(spec, fd);
}
