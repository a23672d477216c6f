/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the words of the runtime-spec that stand for kernel numbers, and the closed lists of words.
 * Alphabetical. */

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "spec/spec-internal.h"

/* linux/mempolicy.h of newer kernels. */
enum {
        BERTH_MPOL_WEIGHTED_INTERLEAVE = 6,
};

const JsonName spec_capability_sets[] = {
        { "ambient", SPEC_CAP_AMBIENT },     { "bounding", SPEC_CAP_BOUNDING },
        { "effective", SPEC_CAP_EFFECTIVE }, { "inheritable", SPEC_CAP_INHERITABLE },
        { "permitted", SPEC_CAP_PERMITTED }, {},
};

const JsonName spec_io_priority_classes[] = {
        { "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
        { "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
        { "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
        {},
};

const JsonName spec_label_contexts[] = {
        { "context" }, { "defcontext" }, { "fscontext" }, { "rootcontext" }, {},
};

const JsonName spec_memory_policy_flags[] = {
        { "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
        { "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
        { "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
        {},
};

const JsonName spec_memory_policy_modes[] = {
        { "MPOL_BIND", MPOL_BIND },
        { "MPOL_DEFAULT", MPOL_DEFAULT },
        { "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
        { "MPOL_LOCAL", MPOL_LOCAL },
        { "MPOL_PREFERRED", MPOL_PREFERRED },
        { "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
        { "MPOL_WEIGHTED_INTERLEAVE", BERTH_MPOL_WEIGHTED_INTERLEAVE },
        {},
};

const JsonName spec_namespace_names[] = {
        { "cgroup", CLONE_NEWCGROUP }, { "ipc", CLONE_NEWIPC }, { "mount", CLONE_NEWNS },
        { "network", CLONE_NEWNET },   { "pid", CLONE_NEWPID }, { "time", CLONE_NEWTIME },
        { "user", CLONE_NEWUSER },     { "uts", CLONE_NEWUTS }, {},
};

const JsonName spec_personality_domains[] = {
        { "LINUX", PER_LINUX },
        { "LINUX32", PER_LINUX32 },
        {},
};

const JsonName spec_propagation_names[] = {
        { "private", MS_PRIVATE },
        { "rprivate", MS_PRIVATE | MS_REC },
        { "rshared", MS_SHARED | MS_REC },
        { "rslave", MS_SLAVE | MS_REC },
        { "runbindable", MS_UNBINDABLE | MS_REC },
        { "shared", MS_SHARED },
        { "slave", MS_SLAVE },
        { "unbindable", MS_UNBINDABLE },
        {},
};

const JsonName spec_rlimit_names[] = {
        { "RLIMIT_AS", RLIMIT_AS },
        { "RLIMIT_CORE", RLIMIT_CORE },
        { "RLIMIT_CPU", RLIMIT_CPU },
        { "RLIMIT_DATA", RLIMIT_DATA },
        { "RLIMIT_FSIZE", RLIMIT_FSIZE },
        { "RLIMIT_LOCKS", RLIMIT_LOCKS },
        { "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
        { "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
        { "RLIMIT_NICE", RLIMIT_NICE },
        { "RLIMIT_NOFILE", RLIMIT_NOFILE },
        { "RLIMIT_NPROC", RLIMIT_NPROC },
        { "RLIMIT_RSS", RLIMIT_RSS },
        { "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
        { "RLIMIT_RTTIME", RLIMIT_RTTIME },
        { "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
        { "RLIMIT_STACK", RLIMIT_STACK },
        {},
};

const JsonName spec_scheduler_flags[] = {
        { "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
        { "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
        { "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
        { "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
        { "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
        { "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
        { "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
        {},
};

const JsonName spec_scheduler_policies[] = {
        { "SCHED_BATCH", SCHED_BATCH },
        { "SCHED_DEADLINE", SCHED_DEADLINE },
        { "SCHED_FIFO", SCHED_FIFO },
        { "SCHED_IDLE", SCHED_IDLE },
        { "SCHED_ISO", 4 }, /* reserved by the kernel, which refuses it with EINVAL */
        { "SCHED_OTHER", SCHED_NORMAL },
        { "SCHED_RR", SCHED_RR },
        {},
};

/* Seccomp words are libseccomp's; their numbers belong to the sandbox. */

const JsonName spec_seccomp_actions[] = {
        { "SCMP_ACT_ALLOW" },       { "SCMP_ACT_ERRNO" },
        { "SCMP_ACT_KILL" },        { "SCMP_ACT_KILL_PROCESS" },
        { "SCMP_ACT_KILL_THREAD" }, { "SCMP_ACT_LOG" },
        { "SCMP_ACT_NOTIFY" },      { "SCMP_ACT_TRACE" },
        { "SCMP_ACT_TRAP" },        {},
};

const JsonName spec_seccomp_architectures[] = {
        { "SCMP_ARCH_AARCH64" },     { "SCMP_ARCH_ARM" },    { "SCMP_ARCH_LOONGARCH64" },
        { "SCMP_ARCH_M68K" },        { "SCMP_ARCH_MIPS" },   { "SCMP_ARCH_MIPS64" },
        { "SCMP_ARCH_MIPS64N32" },   { "SCMP_ARCH_MIPSEL" }, { "SCMP_ARCH_MIPSEL64" },
        { "SCMP_ARCH_MIPSEL64N32" }, { "SCMP_ARCH_PARISC" }, { "SCMP_ARCH_PARISC64" },
        { "SCMP_ARCH_PPC" },         { "SCMP_ARCH_PPC64" },  { "SCMP_ARCH_PPC64LE" },
        { "SCMP_ARCH_RISCV64" },     { "SCMP_ARCH_S390" },   { "SCMP_ARCH_S390X" },
        { "SCMP_ARCH_SH" },          { "SCMP_ARCH_SHEB" },   { "SCMP_ARCH_X32" },
        { "SCMP_ARCH_X86" },         { "SCMP_ARCH_X86_64" }, {},
};

const JsonName spec_seccomp_flags[] = {
        { "SECCOMP_FILTER_FLAG_LOG" },
        { "SECCOMP_FILTER_FLAG_SPEC_ALLOW" },
        { "SECCOMP_FILTER_FLAG_TSYNC" },
        { "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" },
        {},
};

const JsonName spec_seccomp_operators[] = {
        { "SCMP_CMP_EQ" }, { "SCMP_CMP_GE" },        { "SCMP_CMP_GT" }, { "SCMP_CMP_LE" },
        { "SCMP_CMP_LT" }, { "SCMP_CMP_MASKED_EQ" }, { "SCMP_CMP_NE" }, {},
};

const char *spec_name_of(const JsonName *names, int64_t value) {
        for (; names->name; names++)
                if (names->value == value)
                        return names->name;
        return NULL;
}

const char *spec_hook_kind_to_string(SpecHookKind kind) {
        static const char *const names[_SPEC_HOOK_KIND_MAX] = {
                [SPEC_HOOK_PRESTART] = "prestart",
                [SPEC_HOOK_CREATE_RUNTIME] = "createRuntime",
                [SPEC_HOOK_CREATE_CONTAINER] = "createContainer",
                [SPEC_HOOK_START_CONTAINER] = "startContainer",
                [SPEC_HOOK_POSTSTART] = "poststart",
                [SPEC_HOOK_POSTSTOP] = "poststop",
        };

        return names[kind];
}
