/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/machine.h"

#include <unistd.h>

#include "basic/log.h"
#include "basic/parse-util.h"
#include "unit/machine.h"

int machine_wanted(const Spec *spec, const char *id) {
        const char *value = spec_annotation(spec, SPEC_ANNOTATION_MACHINE);
        bool wanted;

        if (!value)
                return 0;
        if (parse_boolean(value, &wanted) < 0)
                return log_error_errno(
                                -EINVAL,
                                "#/annotations/" SPEC_ANNOTATION_MACHINE ": '%s' is neither yes nor no",
                                value);
        if (!wanted)
                return 0;
        if (geteuid() != 0)
                return log_error_errno(
                                -EPERM,
                                "Machine=yes: systemd-machined takes machines from root only, not from a "
                                "user's systemd");
        if (!machine_name_is_valid(id))
                return log_error_errno(
                                -EINVAL,
                                "Machine=yes: '%s' cannot be the name of a machine: expected that of a "
                                "host, "
                                "at most 64 characters",
                                id);
        return 1;
}

int machine_announce(const Spec *spec, const State *state, pid_t init) {
        const MachineOptions options = {
                .name = state->id, .scope = state->scope, .leader = init, .root = state->rootfs
        };
        int r;

        r = machine_wanted(spec, state->id);
        if (r <= 0)
                return r;
        if (!state->scope)
                return log_error_errno(
                                -EINVAL,
                                "#/annotations/" SPEC_ANNOTATION_MACHINE ": a machine needs a scope");
        return machine_register(&options);
}
