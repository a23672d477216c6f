/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a process has besides identity and capabilities. All in the child but for the first two, all log,
 * each does nothing when the specification does not ask for it. proc_fd: procfs in which this process is
 * visible, never one from the rootfs. */

#include "spec/spec.h"

/* In the parent, for init (prlimit(2)): raises the hard limits that have to be, which a child in a user
 * namespace may not do for itself. -EPERM: CAP_SYS_RESOURCE is missing. */
int attributes_raise_rlimits(pid_t pid, const SpecProcess *process);

/* /proc/PID/oom_score_adj (proc(5)): in the parent for an init in a new user namespace, for the same reason;
 * otherwise in the child, pid 0. Without privileges a lower value than now is skipped with a warning. */
int attributes_set_oom_score(pid_t pid, const SpecProcess *process);

/* setrlimit(2), as the last thing before the payload: low limits are not meant for what comes before. Needs
 * no rights after attributes_raise_rlimits(). */
int attributes_set_rlimits(const SpecProcess *process);

/* sethostname(2), setdomainname(2). */
int attributes_set_hostname(const char *hostname, const char *domainname);

/* personality(2). */
int attributes_set_personality(OptUint domain);

/* prctl(2), PR_SET_NO_NEW_PRIVS. */
int attributes_set_no_new_privileges(const SpecProcess *process);

/* sched_setattr(2); after the process has joined its cgroup. */
int attributes_set_scheduler(const SpecScheduler *scheduler);

/* ioprio_set(2). */
int attributes_set_io_priority(const SpecProcess *process);

/* sched_setaffinity(2); list as "0-3,7", NULL or empty: every CPU of the cpuset. -EINVAL: none of them is in
 * the cpuset (does not log this one). */
int attributes_set_affinity(const char *list);

/* set_mempolicy(2), which exec keeps; after the process has joined its cgroup. */
int attributes_set_memory_policy(const SpecLinux *linux_);

/* Joins session keyring "_ses.ID", a new one for the first process of the container, so that the caller's
 * keys stay the caller's (keyctl(2)). Later processes (exec) must find it by name: its owner may search it,
 * in a user namespace everybody who can see it. Kernels and filters without keyrings and an exhausted quota
 * are passed over. */
int attributes_join_keyring(const char *id, bool user_namespace);
