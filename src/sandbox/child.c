/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the order of what a container's init does. Each step is a row of the table; what the steps do lives
 * in the files of their nouns. Runs after clone in a copy of the parent: may use everything, must not
 * return. */

#include "sandbox/child.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/report.h"
#include "sandbox/attributes.h"
#include "sandbox/child-execute.h"
#include "sandbox/child-fds.h"
#include "sandbox/child-needs.h"
#include "sandbox/devices.h"
#include "sandbox/executable.h"
#include "sandbox/host-root.h"
#include "sandbox/identity.h"
#include "sandbox/masks.h"
#include "sandbox/notify-mount.h"
#include "sandbox/open-inside.h"
#include "sandbox/proc-file.h"
#include "sandbox/rootfs.h"
#include "sandbox/security-label.h"
#include "sandbox/sysctl.h"
#include "sandbox/userns.h"

typedef struct ChildStep {
        const char *name;                              /* for debugging */
        bool (*needed)(const SandboxContext *context); /* NULL: always */
        int (*apply)(SandboxContext *context);         /* logs */
} ChildStep;

/* Waits for the parent to say so; its end means that it has died, and nobody wants us any more. */
static int wait_for_go(SandboxContext *c) {
        _cleanup_(report_done) Report report = REPORT_NULL;
        int r;

        r = report_receive(c->report_fd, &report);
        if (r == 0)
                _exit(EXIT_FAILURE);
        if (r < 0)
                return log_error_errno(r, "Failed to hear from the runtime: %m");
        return report.kind == REPORT_GO ? 0
                                        : log_error_errno(-EPROTO, "Unexpected message from the runtime");
}

static int step_oom_score(SandboxContext *c) {
        return attributes_set_oom_score(/* pid= */ 0, &c->spec->process);
}

static int step_join(SandboxContext *c) {
        return namespaces_join(c->spec, &c->namespaces);
}

static int step_unshare(SandboxContext *c) {
        int r;

        r = namespaces_unshare(c->spec);
        if (r < 0)
                return r;
        c->time_offsets_fd = namespaces_open_time(c->spec);
        return c->time_offsets_fd < 0 && c->time_offsets_fd != -EBADF ? c->time_offsets_fd : 0;
}

static int step_open_sources(SandboxContext *c) {
        return open_inside(c);
}

static int step_become_root(SandboxContext *c) {
        return userns_become_root(c->spec);
}

static int step_keyring(SandboxContext *c) {
        const char *label = c->spec->process.selinux_label;
        int r;

        r = security_label_set_keys(label, c->proc_fd);
        if (r >= 0)
                r = attributes_join_keyring(c->options->id, userns_wanted(c->spec));
        return r < 0 ? r : security_label_reset_keys(label, c->proc_fd);
}

static int step_isolate(SandboxContext *c) {
        return rootfs_isolate(c->spec);
}

/* All that is written to /proc goes through this descriptor. */
static int step_proc(SandboxContext *c) {
        c->proc_fd = proc_open();
        return c->proc_fd < 0 ? c->proc_fd : 0;
}

/* Nobody in the container may attach to us or read our memory before the payload is executed
 * (CVE-2016-9962). */
static int step_undumpable(SandboxContext *c) {
        if (prctl(PR_SET_DUMPABLE, 0) < 0)
                return log_error_errno(negative_errno(), "Failed to protect init from its neighbours: %m");
        return 0;
}

static int step_attach_root(SandboxContext *c) {
        return rootfs_attach(c->root_fd);
}

static int step_make_mounts(SandboxContext *c) {
        return mounts_make(c->spec, &c->mounts);
}

static int step_mounts(SandboxContext *c) {
        return mounts_apply(c->spec, &c->mounts, c->root_fd);
}

static int step_notify(SandboxContext *c) {
        return notify_mount_attach(
                        c->opens_inside ? c->notify_mount_fd : c->options->notify_mount_fd, c->root_fd);
}

static int step_devices(SandboxContext *c) {
        int r;

        r = devices_create(c->root_fd, &c->spec->linux_, userns_wanted(c->spec));
        if (r < 0)
                return r;
        return devices_link(c->root_fd);
}

static int send_console(SandboxContext *c) {
        int r;

        r = report_send(c->report_fd,
                        &(Report) { .kind = REPORT_CONSOLE,
                                    .text = c->console.name,
                                    .fds = &c->console.master,
                                    .n_fds = 1 });
        if (r < 0)
                return log_error_errno(r, "Failed to hand over the terminal: %m");
        return 0;
}

static int step_console(SandboxContext *c) {
        int r;

        r = console_open(c->root_fd, &c->spec->process, &c->console);
        if (r < 0)
                return r;
        r = console_mount(c->root_fd, &c->console);
        return r < 0 ? r : send_console(c);
}

static int step_cgroup(SandboxContext *c) {
        int r;

        if (c->cgroup_entered)
                return 0;
        r = report_send_kind(c->report_fd, REPORT_WANT_CGROUP);
        if (r < 0)
                return log_error_errno(r, "Failed to ask for the cgroup: %m");
        r = wait_for_go(c);
        if (r < 0)
                return r;
        c->cgroup_entered = true;

        r = namespaces_unshare_cgroup(c->spec);
        if (r < 0)
                return r;
        return mounts_apply_cgroup(c->spec, &c->mounts, c->root_fd);
}

static int step_delegate(SandboxContext *c) {
        int r;

        r = report_send_kind(c->report_fd, REPORT_WANT_DELEGATE);
        if (r < 0)
                return log_error_errno(r, "Failed to ask for the delegated cgroup: %m");
        return wait_for_go(c);
}

/* As runc does: the directory is made when it is missing, and belongs to root. */
static int step_make_cwd(SandboxContext *c) {
        _cleanup_close_ int fd = -EBADF;

        fd = make_directories_in_root(c->root_fd, c->spec->process.cwd, 0755);
        if (fd < 0 && fd != -EROFS && fd != -EACCES && fd != -EPERM)
                return log_error_errno(
                                fd, "Failed to make the working directory '%s': %m", c->spec->process.cwd);
        return 0;
}

static int step_net_devices(SandboxContext *c) {
        int r;

        r = report_send_kind(c->report_fd, REPORT_WANT_NET);
        if (r < 0)
                return log_error_errno(r, "Failed to ask for the network interfaces: %m");
        return wait_for_go(c);
}

/* They run outside, and may look at our namespaces and mounts. */
static int step_runtime_hooks(SandboxContext *c) {
        int r;

        r = report_send_kind(c->report_fd, REPORT_WANT_HOOKS);
        if (r < 0)
                return log_error_errno(r, "Failed to ask for the runtime's hooks: %m");
        return wait_for_go(c);
}

/* Before the change of root: their paths are the host's, so that an image cannot bring its own. */
static int step_container_hooks(SandboxContext *c) {
        return child_run_hooks(c, SPEC_HOOK_CREATE_CONTAINER, "creating");
}

static int step_pivot(SandboxContext *c) {
        return rootfs_pivot(c->root_fd, c->options->no_pivot);
}

static int step_host_root(SandboxContext *c) {
        return host_root_enter(c->root_fd);
}

static int step_network(SandboxContext *c) {
        return namespaces_setup_loopback(c->spec);
}

static int step_names(SandboxContext *c) {
        return attributes_set_hostname(c->spec->hostname, c->spec->domainname);
}

static int step_sysctl(SandboxContext *c) {
        return sysctl_apply(&c->spec->linux_.sysctl, c->proc_fd);
}

static int step_masks(SandboxContext *c) {
        int r;

        r = masks_make_readonly(c->root_fd, c->spec->linux_.readonly_paths);
        if (r < 0)
                return r;
        return masks_hide(c->root_fd, c->spec->linux_.masked_paths, c->spec->linux_.mount_label);
}

static int step_finish_root(SandboxContext *c) {
        int r;

        r = mounts_finish(c->spec, &c->mounts);
        return r < 0 ? r : rootfs_finish(c->spec, c->root_fd);
}

static int step_time(SandboxContext *c) {
        return namespaces_setup_time(c->spec, c->time_offsets_fd);
}

static int step_session(SandboxContext *c) {
        (void) setsid(); /* Fails only for a session leader, which is fine as well. */
        return 0;
}

static int step_terminal(SandboxContext *c) {
        return console_attach(&c->console);
}

static int step_stdio(SandboxContext *c) {
        identity_replace_dev_null(c->root_fd);
        return identity_chown_stdio(c->spec->process.user.uid);
}

static int step_attributes(SandboxContext *c) {
        const SpecProcess *process = &c->spec->process;
        int r = 0;

        /* Who called us may be bound to a few CPUs, which says nothing about the container; where its cpuset
         * has no CPU at all, nothing can run. */
        if (!c->options->keep_affinity && !needs_final_affinity(c))
                r = attributes_set_affinity(NULL);
        if (r >= 0 || r == -EINVAL)
                r = attributes_set_personality(c->spec->linux_.personality);
        if (r >= 0)
                r = attributes_set_scheduler(&process->scheduler);
        if (r >= 0)
                r = attributes_set_io_priority(process);
        if (r >= 0)
                r = attributes_set_memory_policy(&c->spec->linux_);
        if (r >= 0)
                r = security_label_set_apparmor(process->apparmor_profile, c->proc_fd);
        if (r >= 0)
                r = security_label_set_selinux(process->selinux_label, c->proc_fd);
        return r;
}

static int step_identity(SandboxContext *c) {
        const SpecProcess *process = &c->spec->process;
        /* Without no_new_privs a filter can only be loaded with CAP_SYS_ADMIN, and it has to come last. */
        bool keep_admin = c->seccomp.n_code > 0 && !process->no_new_privileges;
        int r;

        /* As we are, and if need be as the payload will be: one of the two may be locked out of it (mode
         * 0700, a file system that squashes root). */
        c->cwd_entered = executable_try_cwd(process->cwd);
        r = capability_drop_bounding(&c->capabilities);
        if (r >= 0)
                r = identity_apply(&process->user, identity_keeps_groups(c->spec), c->proc_fd);
        if (r >= 0)
                r = capability_apply(&c->capabilities, keep_admin ? CAPABILITY_BIT(CAP_SYS_ADMIN) : 0);
        if (r >= 0)
                r = attributes_set_no_new_privileges(process);
        return r;
}

static int step_executable(SandboxContext *c) {
        const SpecProcess *process = &c->spec->process;
        int r;

        r = executable_enter_cwd(process->cwd, c->cwd_entered);
        if (r < 0)
                return r;
        r =
                        executable_find((const char *const *) process->args,
                                        (const char *const *) process->env, &c->executable);
        c->not_executable = r < 0;
        return r;
}

/* What exec begins with (config.md, "execCPUAffinity"). We are in the cgroup already: CPUs that are not in
 * its cpuset are for nobody. */
static int step_initial_affinity(SandboxContext *c) {
        const char *list = c->spec->process.exec_cpu_affinity_initial;
        int r;

        r = attributes_set_affinity(list);
        if (r == -EINVAL)
                log_debug("The cgroup has none of the CPUs '%s' of execCPUAffinity.initial", list);
        return r == -EINVAL ? 0 : r;
}

static int step_final_affinity(SandboxContext *c) {
        const char *list = c->spec->process.exec_cpu_affinity_final;
        int r;

        r = attributes_set_affinity(list);
        if (r == -EINVAL)
                return log_error_errno(
                                r, "The container has none of the CPUs '%s' of execCPUAffinity.final", list);
        return r;
}

static int step_join_all(SandboxContext *c) {
        return namespaces_join_all_of(c->options->join);
}

static int step_open_root(SandboxContext *c) {
        c->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (c->root_fd < 0)
                return log_error_errno(negative_errno(), "Failed to open the container's root: %m");
        return 0;
}

/* The mount that is seen there is the container's. */
static int step_exec_host_root(SandboxContext *c) {
        _cleanup_close_ int fd = -EBADF;

        fd = open(c->spec->root_path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return log_error_errno(
                                negative_errno(), "Failed to open the root file system '%s': %m",
                                c->spec->root_path);
        return host_root_enter(fd);
}

static int step_exec_console(SandboxContext *c) {
        int r;

        r = console_open(c->root_fd, &c->spec->process, &c->console);
        return r < 0 ? r : send_console(c);
}

/* create, run: a new container. */
static const ChildStep create_steps[] = {
        /* name                   needed              apply */
        { "wait-for-id-maps", needs_new_userns, wait_for_go },
        { "oom-score", needs_own_oom_score, step_oom_score },
        { "join-namespaces", NULL, step_join },
        { "make-namespaces", NULL, step_unshare },
        { "isolate-mounts", needs_mount_namespace, step_isolate },
        { "open-sources", needs_opening, step_open_sources },
        { "become-root", needs_userns, step_become_root },
        { "private-proc", NULL, step_proc },
        { "keyring", needs_keyring, step_keyring },
        { "undumpable", NULL, step_undumpable },
        { "make-mounts", NULL, step_make_mounts },
        { "attach-root", needs_mount_namespace, step_attach_root },
        { "mounts", NULL, step_mounts },
        { "notify", needs_notify, step_notify },
        { "devices", needs_devices, step_devices },
        { "console", needs_terminal, step_console },
        { "cgroup-early", needs_cgroup_early, step_cgroup },
        { "make-cwd", NULL, step_make_cwd },
        { "net-devices", needs_net_devices, step_net_devices },
        { "runtime-hooks", needs_runtime_hooks, step_runtime_hooks },
        { "container-hooks", needs_container_hooks, step_container_hooks },
        { "pivot", needs_mount_namespace, step_pivot },
        { "host-root", needs_host_root, step_host_root },
        { "network", NULL, step_network },
        { "hostname", NULL, step_names },
        { "sysctl", NULL, step_sysctl },
        { "masks", needs_masks_early, step_masks },
        /* Up to here everything goes on while systemd makes the scope. */
        { "cgroup", NULL, step_cgroup },
        { "delegate-cgroup", needs_delegate, step_delegate },
        { "masks-late", needs_masks_late, step_masks },
        { "finish-root", NULL, step_finish_root },
        { "time-namespace", NULL, step_time },
        { "session", needs_no_terminal, step_session },
        { "terminal", needs_terminal, step_terminal },
        { "stdio", NULL, step_stdio },
        { "attributes", NULL, step_attributes },
        { "identity", NULL, step_identity },
        { "executable", NULL, step_executable },
};

/* exec: one more process in a running container. */
static const ChildStep exec_steps[] = {
        /* name                   needed              apply */
        { "oom-score", needs_own_oom_score, step_oom_score },
        { "undumpable", NULL, step_undumpable },
        { "wait-for-cgroup", needs_placing, wait_for_go },
        { "initial-affinity", needs_initial_affinity, step_initial_affinity },
        { "private-proc", NULL, step_proc },
        { "join-namespaces", NULL, step_join_all },
        { "host-root", needs_host_root, step_exec_host_root },
        { "become-root", needs_userns, step_become_root },
        { "keyring", needs_keyring, step_keyring },
        { "root", NULL, step_open_root },
        { "console", needs_terminal, step_exec_console },
        { "session", needs_no_terminal, step_session },
        { "terminal", needs_terminal, step_terminal },
        { "stdio", NULL, step_stdio },
        { "final-affinity", needs_final_affinity, step_final_affinity },
        { "attributes", NULL, step_attributes },
        { "identity", NULL, step_identity },
        { "executable", NULL, step_executable },
};

static void report_log(int level, int err, const char *message, void *userdata) {
        const int *fd = userdata;

        (void) report_send(
                        *fd,
                        &(Report) { .kind = REPORT_LOG,
                                    .err = err,
                                    .value = level,
                                    .text = (char *) message });
}

static void fail(SandboxContext *c, int r) __attribute__((noreturn));
static void fail(SandboxContext *c, int r) {
        (void) report_send(
                        c->report_fd,
                        &(Report) { .kind = REPORT_FAILED, .err = -r, .value = c->not_executable });
        _exit(EXIT_FAILURE);
}

static int run_steps(SandboxContext *c) {
        const ChildStep *steps = c->options->join ? exec_steps : create_steps;
        size_t n = c->options->join ? ELEMENTSOF(exec_steps) : ELEMENTSOF(create_steps);

        for (size_t i = 0; i < n; i++) {
                const ChildStep *step = &steps[i];
                int r;

                if (step->needed && !step->needed(c))
                        continue;
                r = step->apply(c);
                if (r < 0)
                        return r;
                log_debug("init: %s done", step->name);
        }
        return 0;
}

void child_run(SandboxContext *c) {
        int r;

        log_set_sink(report_log, &c->report_fd);

        r = child_close_inherited(c);
        if (r < 0)
                (void) log_error_errno(r, "Failed to close inherited file descriptors: %m");
        if (r >= 0)
                r = run_steps(c);
        if (r >= 0)
                r = report_send_kind(c->report_fd, REPORT_READY);
        if (r >= 0)
                r = child_execute(c);
        fail(c, r);
}
