/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the rules about a process (config.md, "Process"), of a configuration or of exec. */

#include <inttypes.h>
#include <linux/sched.h>

#include "basic/parse-util.h"
#include "spec/spec-internal.h"

static int check_args(const SpecCheck *check) {
        if (!check->process->args || !check->process->args[0])
                return spec_reject(check, "%s/args: args must not be empty", check->process_pointer);
        return 0;
}

static int check_cwd(const SpecCheck *check) {
        const char *cwd = check->process->cwd;

        if (!cwd)
                return spec_reject(check, "%s/cwd: cwd must not be empty", check->process_pointer);
        if (*cwd != '/')
                return spec_reject(
                                check, "%s/cwd: cwd must be an absolute path, got '%s'",
                                check->process_pointer, cwd);
        return 0;
}

static int check_env(const SpecCheck *check) {
        char **env = check->process->env;

        for (size_t i = 0; env && env[i]; i++)
                if (!strchr(env[i], '=') || *env[i] == '=')
                        return spec_reject(
                                        check, "%s/env/%zu: expected NAME=VALUE, got '%s'",
                                        check->process_pointer, i, env[i]);
        return 0;
}

static int check_rlimits(const SpecCheck *check) {
        const SpecRlimit *rlimits = check->process->rlimits;

        for (size_t i = 0; i < check->process->n_rlimits; i++) {
                for (size_t j = 0; j < i; j++)
                        if (rlimits[j].resource == rlimits[i].resource)
                                return spec_reject(
                                                check,
                                                "%s/rlimits/%zu: duplicate %s, first set in %s/rlimits/%zu",
                                                check->process_pointer, i, rlimits[i].name,
                                                check->process_pointer, j);
                if (rlimits[i].soft > rlimits[i].hard)
                        return spec_reject(
                                        check,
                                        "%s/rlimits/%zu: soft limit %" PRIu64
                                        " of %s is above its hard limit %" PRIu64,
                                        check->process_pointer, i, rlimits[i].soft, rlimits[i].name,
                                        rlimits[i].hard);
        }
        return 0;
}

/* sched(7), "SCHED_DEADLINE": 1024 ns is what the kernel can account for. */
#define DEADLINE_RUNTIME_MIN 1024U

static int check_deadline(const SpecCheck *check) {
        const SpecScheduler *scheduler = &check->process->scheduler;
        const char *at = check->process_pointer;
        uint64_t period = scheduler->period > 0 ? scheduler->period : scheduler->deadline;

        if (scheduler->policy != SCHED_DEADLINE) {
                if (scheduler->runtime != 0 || scheduler->deadline != 0 || scheduler->period != 0)
                        return spec_reject(
                                        check,
                                        "%s/scheduler: runtime, deadline and period need SCHED_DEADLINE, "
                                        "got %s",
                                        at, spec_name_of(spec_scheduler_policies, scheduler->policy));
                return 0;
        }
        if (scheduler->runtime < DEADLINE_RUNTIME_MIN || scheduler->runtime > scheduler->deadline ||
            scheduler->deadline > period)
                return spec_reject(
                                check,
                                "%s/scheduler: SCHED_DEADLINE expects %u <= runtime <= deadline <= period, "
                                "got "
                                "%" PRIu64 ", %" PRIu64 " and %" PRIu64,
                                at, DEADLINE_RUNTIME_MIN, scheduler->runtime, scheduler->deadline,
                                scheduler->period);
        return 0;
}

/* sched_setattr(2): which values belong to which policy. A nice value that does not matter is no error. */
static int check_scheduler(const SpecCheck *check) {
        const SpecScheduler *scheduler = &check->process->scheduler;
        const char *at = check->process_pointer;
        const char *policy = spec_name_of(spec_scheduler_policies, scheduler->policy);
        bool realtime = scheduler->policy == SCHED_FIFO || scheduler->policy == SCHED_RR;

        if (!scheduler->set)
                return 0;
        if (streq(policy, "SCHED_ISO"))
                return spec_reject(check, "%s/scheduler/policy: Linux has no %s", at, policy);
        if (scheduler->priority != 0 && !realtime)
                return spec_reject(check, "%s/scheduler/priority: cannot be set with %s", at, policy);
        if (scheduler->priority == 0 && realtime)
                return spec_reject(
                                check, "%s/scheduler/priority: %s expects a number from 1 to 99", at,
                                policy);
        return check_deadline(check);
}

static int check_cpu_list(const SpecCheck *check, const char *member, const char *list) {
        _cleanup_free_ uint8_t *mask = NULL;
        unsigned size;

        if (list && parse_cpu_list(list, &mask, &size) < 0)
                return spec_reject(
                                check, "%s/execCPUAffinity/%s: expected CPUs such as '0-3,7', got '%s'",
                                check->process_pointer, member, list);
        return 0;
}

static int check_affinity(const SpecCheck *check) {
        int r;

        r = check_cpu_list(check, "initial", check->process->exec_cpu_affinity_initial);
        if (r < 0)
                return r;
        return check_cpu_list(check, "final", check->process->exec_cpu_affinity_final);
}

const SpecRule spec_process_rules[] = {
        check_args, check_cwd, check_env, check_rlimits, check_scheduler, check_affinity, SPEC_RULES_END,
};
