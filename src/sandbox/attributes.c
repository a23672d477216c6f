/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the small process attributes, one function each. */

#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/attributes.h"

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"

#define EVERY_CPU "0-8191" /* more than any kernel is built for */

/* ---- limits ---- */

static const char *limit_text(uint64_t limit, char buffer[static 24]) {
        if (limit == RLIM_INFINITY)
                return "unlimited";
        (void) snprintf(buffer, 24, "%" G_GUINT64_FORMAT, limit);
        return buffer;
}

static int log_rlimit(int err, const SpecRlimit *limit, uint64_t present) {
        char soft[24], hard[24], now[24];

        if (err != -EPERM)
                return log_error_errno(
                                err, "Failed to set %s to soft %s, hard %s: %m", limit->name,
                                limit_text(limit->soft, soft), limit_text(limit->hard, hard));
        return log_error_errno(
                        err,
                        "Failed to set %s to soft %s, hard %s: %m (a hard limit above the present %s needs "
                        "%s)",
                        limit->name, limit_text(limit->soft, soft), limit_text(limit->hard, hard),
                        limit_text(present, now),
                        limit->resource == RLIMIT_NOFILE ? "CAP_SYS_RESOURCE and at least that fs.nr_open"
                                                         : "CAP_SYS_RESOURCE");
}

static int set_limit(pid_t pid, const SpecRlimit *limit, const struct rlimit *value) {
        struct rlimit present = {};
        int r;

        if (prlimit(pid, limit->resource, value, NULL) >= 0)
                return 0;
        r = negative_errno();
        (void) prlimit(pid, limit->resource, NULL, &present);
        return log_rlimit(r, limit, present.rlim_max);
}

int attributes_raise_rlimits(pid_t pid, const SpecProcess *process) {
        for (size_t i = 0; i < process->n_rlimits; i++) {
                const SpecRlimit *limit = &process->rlimits[i];
                struct rlimit value;
                int r;

                if (prlimit(pid, limit->resource, NULL, &value) < 0) {
                        if (errno == EPERM) /* Another user's process: it can only lower its own. */
                                return 0;
                        return log_error_errno(negative_errno(), "Failed to read %s: %m", limit->name);
                }
                if (limit->hard <= value.rlim_max)
                        continue;
                value.rlim_max = limit->hard;
                r = set_limit(pid, limit, &value);
                if (r < 0)
                        return r;
        }
        return 0;
}

int attributes_set_rlimits(const SpecProcess *process) {
        for (size_t i = 0; i < process->n_rlimits; i++) {
                const SpecRlimit *limit = &process->rlimits[i];
                const struct rlimit value = { limit->soft, limit->hard };
                int r;

                r = set_limit(0, limit, &value);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- scheduling and memory pressure ---- */

int attributes_set_oom_score(pid_t pid, const SpecProcess *process) {
        _cleanup_free_ char *path = NULL, *text = NULL;
        int r;

        if (!process->oom_score_adj.set)
                return 0;

        path = pid == 0 ? g_strdup("/proc/self/oom_score_adj")
                        : g_strdup_printf("/proc/%d/oom_score_adj", pid);
        text = g_strdup_printf("%" G_GINT64_FORMAT, process->oom_score_adj.value);
        r = write_string_at(AT_FDCWD, path, text);
        if (r == -EACCES && geteuid() != 0) {
                log_warning("Not setting oomScoreAdj to %s: lowering it needs CAP_SYS_RESOURCE on the host",
                            text);
                return 0;
        }
        if (r < 0)
                return log_error_errno(
                                r, "Failed to set oomScoreAdj to %s: %m%s", text,
                                r == -EACCES ? " (lowering it needs CAP_SYS_RESOURCE)" : "");
        return 0;
}

/* As sched_setattr(2) has it; newer C libraries declare it, older ones do not. */
typedef struct SchedulerAttributes {
        uint32_t size;
        uint32_t policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
} SchedulerAttributes;

static const char *scheduler_hint(int err) {
        return err == -EPERM ? " (real-time policies and negative nice values need CAP_SYS_NICE; a deadline "
                               "needs all CPUs)"
                        : err == -EBUSY ? " (the deadline's bandwidth is not available, or the cpuset does "
                                          "not have all CPUs)"
                                        : "";
}

int attributes_set_scheduler(const SpecScheduler *scheduler) {
        SchedulerAttributes attributes = {
                .size = sizeof attributes,
                .policy = scheduler->policy,
                .flags = scheduler->flags,
                .nice = scheduler->nice,
                .priority = scheduler->priority,
                .runtime = scheduler->runtime,
                .deadline = scheduler->deadline,
                .period = scheduler->period,
        };
        int r;

        if (!scheduler->set)
                return 0;
        if (syscall(SYS_sched_setattr, 0, &attributes, 0) >= 0)
                return 0;

        r = negative_errno();
        return log_error_errno(
                        r, "Failed to set the scheduler (policy %d, nice %d, priority %d): %m%s",
                        scheduler->policy, scheduler->nice, scheduler->priority, scheduler_hint(r));
}

int attributes_set_affinity(const char *list) {
        _cleanup_free_ uint8_t *mask = NULL;
        unsigned size;
        int r;

        r = parse_cpu_list(isempty(list) ? EVERY_CPU : list, &mask, &size);
        if (r < 0)
                return log_error_errno(r, "Failed to parse the CPUs '%s': %m", list);
        if (sched_setaffinity(0, size, (const cpu_set_t *) mask) >= 0)
                return 0;
        if (errno == EINVAL)
                return -EINVAL;
        return log_error_errno(negative_errno(), "Failed to set the CPU affinity to '%s': %m", list);
}

int attributes_set_memory_policy(const SpecLinux *linux_) {
        const char *nodes = linux_->memory_policy_nodes;
        _cleanup_free_ uint8_t *mask = NULL;
        _cleanup_free_ unsigned long *words = NULL;
        unsigned size = 0;
        unsigned long bits;
        int r;

        if (!linux_->memory_policy_mode.set)
                return 0;
        if (!isempty(nodes)) {
                r = parse_cpu_list(nodes, &mask, &size);
                if (r < 0)
                        return log_error_errno(r, "Failed to parse the memory nodes '%s': %m", nodes);
                words = g_malloc0(size + sizeof(unsigned long));
                memcpy(words, mask, size);
        }
        /* The kernel takes one bit less than it is told (set_mempolicy(2)). */
        bits = size > 0 ? size * 8UL + 1 : 0;
        if (syscall(SYS_set_mempolicy,
                    (int) linux_->memory_policy_mode.value | (int) linux_->memory_policy_flags, words,
                    bits) < 0)
                return log_error_errno(
                                negative_errno(),
                                "Failed to set the memory policy (linux.memoryPolicy, nodes '%s'): %m",
                                nodes ? nodes : "");
        return 0;
}

int attributes_set_io_priority(const SpecProcess *process) {
        int class = process->io_priority_class.value, level = process->io_priority_priority;

        if (!process->io_priority_class.set)
                return 0;
        if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(class, level)) < 0)
                return log_error_errno(
                                negative_errno(),
                                "Failed to set the I/O priority (class %d, priority %d): %m", class, level);
        return 0;
}

/* ---- names, personality, privileges ---- */

int attributes_set_hostname(const char *hostname, const char *domainname) {
        if (hostname && sethostname(hostname, strlen(hostname)) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to set the host name to '%s': %m", hostname);
        if (domainname && setdomainname(domainname, strlen(domainname)) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to set the domain name to '%s': %m", domainname);
        return 0;
}

int attributes_set_personality(OptUint domain) {
        if (domain.set && personality(domain.value) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to set the personality to %#x: %m",
                                (unsigned) domain.value);
        return 0;
}

int attributes_set_no_new_privileges(const SpecProcess *process) {
        if (process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return log_error_errno(negative_errno(), "Failed to set no_new_privs: %m");
        return 0;
}

/* ---- keyring ---- */

/* Permission bits of a key, include/linux/key.h: may be found in a search by its owner, by anybody. */
#define KEY_USR_SEARCH 0x00080000u
#define KEY_OTH_SEARCH 0x00000008u

static int key_permissions(int32_t key, uint32_t *ret) {
        _cleanup_strv_ char **fields = NULL;
        char text[512] = "";
        char *end;

        /* "keyring;UID;GID;PERMISSIONS;NAME" */
        if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, key, text, sizeof text - 1) < 0)
                return negative_errno();
        fields = g_strsplit(text, ";", 5);
        if (g_strv_length(fields) < 5)
                return -EBADMSG;

        *ret = strtoul(fields[3], &end, 16);
        return *end ? -EBADMSG : 0;
}

int attributes_join_keyring(const char *id, bool user_namespace) {
        _cleanup_free_ char *name = g_strconcat("_ses.", id, NULL);
        uint32_t permissions;
        long key;
        int r;

        key = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
        if (key < 0) {
                r = negative_errno();
                if (r != -ENOSYS && r != -EPERM && r != -EDQUOT)
                        return log_error_errno(r, "Failed to join session keyring '%s': %m", name);
                log_debug_errno(r, "Not using a session keyring of its own for the container: %m");
                return 0;
        }

        r = key_permissions(key, &permissions);
        if (r < 0)
                return log_error_errno(r, "Failed to look at session keyring '%s': %m", name);

        permissions |= user_namespace ? KEY_OTH_SEARCH : KEY_USR_SEARCH;
        if (syscall(SYS_keyctl, KEYCTL_SETPERM, key, permissions) < 0)
                return log_error_errno(
                                negative_errno(),
                                "Failed to set the permissions of session keyring '%s': %m", name);
        return 0;
}
