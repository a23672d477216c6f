/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns init from the parent's side: what is opened before it exists, its clone, what it asks for, and its
 * end when something goes wrong. */

#include "sandbox/sandbox.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "basic/log.h"
#include "basic/report.h"
#include "sandbox/attributes.h"
#include "sandbox/child.h"
#include "sandbox/clone.h"
#include "sandbox/host-root.h"
#include "sandbox/identity.h"
#include "sandbox/net-devices.h"
#include "sandbox/open-inside.h"
#include "sandbox/rootfs.h"
#include "sandbox/seccomp-cache.h"
#include "sandbox/seccomp-listener.h"
#include "sandbox/security-label.h"
#include "sandbox/userns.h"

struct Sandbox {
        SandboxContext context;
        PidRef init;
        int report_fd;
        bool released;
        bool starting;
        bool reaped;
        int console_master;
        char *console_name;
        int failure; /* errno of the error that init has logged */
};

static int open_container(SandboxContext *c) {
        int r;

        r = namespaces_open(c->spec, &c->namespaces);
        if (r < 0)
                return r;
        r = net_devices_check(c->spec);
        if (r < 0)
                return r;
        c->root_fd = rootfs_open(c->spec);
        if (c->root_fd == -EPERM)
                return open_inside_later(c);
        if (c->root_fd < 0)
                return c->root_fd;
        return mounts_open_sources(c->spec, &c->mounts);
}

static int open_seccomp(SandboxContext *c) {
        const char *program = spec_annotation(c->spec, SPEC_ANNOTATION_SECCOMP_PROGRAM);
        const SpecSeccomp *seccomp = &c->spec->linux_.seccomp;

        if (program)
                return seccomp_filter_decode(program, &c->seccomp);
        if (!seccomp->set)
                return 0;
        if (seccomp->strict) /* What has been compiled before says nothing about names. */
                return seccomp_filter_compile(seccomp, &c->seccomp);
        return seccomp_cache_get(c->options->seccomp_cache, seccomp, &c->seccomp);
}

static int open_everything(SandboxContext *c) {
        const Spec *spec = c->spec;
        int r;

        r = security_label_check(spec);
        if (r >= 0)
                r = capability_plan(&spec->process, &c->capabilities);
        if (r >= 0 && !c->options->join)
                r = open_container(c);
        if (r < 0)
                return r;
        return open_seccomp(c);
}

int sandbox_new(const Spec *spec, const SandboxOptions *options, Sandbox **ret) {
        _cleanup_(sandbox_freep) Sandbox *s = g_new(Sandbox, 1);
        int r;

        *s = (Sandbox) {
                .context = { .spec = spec,
                             .options = options,
                             .report_fd = -EBADF,
                             .root_fd = -EBADF,
                             .proc_fd = -EBADF,
                             .console = CONSOLE_NULL },
                .init = PIDREF_NULL,
                .report_fd = -EBADF,
                .console_master = -EBADF,
        };

        r = open_everything(&s->context);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

static void close_sources(SandboxContext *c) {
        closep(&c->root_fd);
        c->root_fd = -EBADF;
        mount_sources_done(&c->mounts);
        namespace_fds_done(&c->namespaces);
}

void sandbox_free(Sandbox *s) {
        int code, status;

        closep(&s->report_fd);
        if (s->init.pid > 0 && !s->released) {
                (void) pidref_kill(&s->init, SIGKILL);
                if (!s->reaped)
                        (void) process_reap(s->init.pid, &code, &status);
        }
        pidref_done(&s->init);
        closep(&s->console_master);
        close_sources(&s->context);
        seccomp_program_done(&s->context.seccomp);
        g_free(s->console_name);
        g_free(s);
}

/* The payload in a user namespace may want to open its /dev/stdout again. Init cannot give away what has no
 * owner in there. */
static int give_stdio(const Spec *spec) {
        uid_t uid;

        if (geteuid() != 0 || spec->process.terminal ||
            userns_outside_uid(&spec->linux_.id_map, spec->process.user.uid, &uid) < 0)
                return 0;
        return identity_chown_stdio(uid);
}

/* What only the parent has the right to do, while init waits or works on its mounts. */
static int prepare_from_outside(Sandbox *s) {
        const SpecProcess *process = &s->context.spec->process;
        const SpecNamespace *userns = spec_namespace(s->context.spec, CLONE_NEWUSER);
        int r = 0;

        if (userns && !userns->path && !s->context.options->join)
                r = attributes_set_oom_score(s->init.pid, process);
        if (r >= 0)
                r = attributes_raise_rlimits(s->init.pid, process);
        if (r >= 0)
                r = give_stdio(s->context.spec);
        if (r < 0 || s->context.options->ids_later)
                return r;
        return sandbox_map_ids(s);
}

int sandbox_map_ids(Sandbox *s) {
        const Spec *spec = s->context.spec;
        const SpecNamespace *userns = spec_namespace(spec, CLONE_NEWUSER);
        int r;

        if (!userns || userns->path || s->context.options->join)
                return 0;
        r = userns_write_maps(&spec->linux_.id_map, s->init.pid);
        if (r < 0)
                return r;
        r = report_send_kind(s->report_fd, REPORT_GO);
        return r < 0 ? log_error_errno(r, "Failed to tell init about its id maps: %m") : 0;
}

int sandbox_root_id(const Sandbox *s, uint64_t *ret) {
        return host_root_id(s->context.root_fd, ret);
}

int sandbox_attach_root(Sandbox *s) {
        return host_root_attach(s->context.root_fd, s->context.spec->root_path);
}

int sandbox_clone(Sandbox *s) {
        _cleanup_close_ int child_end = -EBADF;
        int pair[2], r;

        r = report_socket(pair);
        if (r < 0)
                return log_error_errno(r, "Failed to make the channel to the container's init: %m");
        s->report_fd = pair[0];
        child_end = pair[1];

        r = clone_init(&s->context, child_end, &s->init);
        if (r < 0)
                return r;
        close_sources(&s->context);
        r = pid_stat(s->init.pid, NULL, &s->init.start_time);
        if (r < 0)
                return log_error_errno(r, "Failed to read the start time of the container's init: %m");
        return prepare_from_outside(s);
}

bool sandbox_is_unplaced(const Sandbox *s) {
        return s->context.unplaced;
}

int sandbox_fd(const Sandbox *s) {
        return s->report_fd;
}

const PidRef *sandbox_init(const Sandbox *s) {
        return &s->init;
}

int sandbox_console_master(const Sandbox *s) {
        return s->console_master;
}

const char *sandbox_console_name(const Sandbox *s) {
        return s->console_name;
}

/* Init has closed the channel: it executed the payload, or it is dead. */
static int channel_closed(Sandbox *s, SandboxEvent *ret) {
        int code, status, r;

        if (s->failure != 0)
                return -s->failure;
        if (s->starting) {
                s->released = true;
                *ret = SANDBOX_EXECUTED;
                return 0;
        }

        r = process_reap(s->init.pid, &code, &status);
        if (r < 0)
                return log_error_errno(r, "The container's init has gone: %m");
        s->reaped = true;
        if (code == CLD_EXITED)
                return log_error_errno(
                                -EPROTO, "The container's init exited with status %d before it was ready",
                                status);
        return log_error_errno(
                        -EPROTO, "The container's init was killed by signal %d before it was ready%s",
                        status, status == SIGKILL ? " (memory limit too low?)" : "");
}

static int take_descriptor(Report *report, int *fd) {
        if (report->n_fds != 1)
                return log_error_errno(
                                -EPROTO, "The container's init sent %zu descriptors instead of one",
                                report->n_fds);
        closep(fd);
        *fd = report->fds[0];
        report->n_fds = 0;
        return 0;
}

static int forward_listener(Sandbox *s, const Report *report) {
        const SandboxOptions *o = s->context.options;
        const PidRef *container = o->join ? o->join : &s->init;
        _cleanup_free_ char *state = NULL;

        state = o->describe(o->join ? "running" : "creating", container->pid, o->describe_userdata);
        return seccomp_listener_forward(report, &s->init, state);
}

static int give_net_devices(Sandbox *s) {
        int r;

        r = net_devices_move(s->context.spec, s->init.pid);
        return r < 0 ? r : sandbox_allow(s);
}

static int handle(Sandbox *s, Report *report, SandboxEvent *ret) {
        *ret = SANDBOX_PROGRESS;
        switch (report->kind) {
        case REPORT_LOG:
                (void) log_full(report->value, report->err, "%s", report->text);
                return 0;
        case REPORT_FAILED:
                s->failure = report->err != 0 ? report->err : EPROTO;
                if (report->value && s->context.options->exec_error)
                        *s->context.options->exec_error = -s->failure;
                return -s->failure;
        case REPORT_CONSOLE:
                g_free(s->console_name);
                s->console_name = g_strdup(report->text);
                return take_descriptor(report, &s->console_master);
        case REPORT_SECCOMP:
                return forward_listener(s, report);
        case REPORT_WANT_NET:
                return give_net_devices(s);
        case REPORT_WANT_CGROUP:
                *ret = SANDBOX_WANT_CGROUP;
                return 0;
        case REPORT_WANT_DELEGATE:
                *ret = SANDBOX_WANT_DELEGATE;
                return 0;
        case REPORT_WANT_HOOKS:
                *ret = SANDBOX_WANT_HOOKS;
                return 0;
        case REPORT_READY:
                *ret = SANDBOX_READY;
                return 0;
        default:
                return log_error_errno(
                                -EPROTO, "Unexpected message %d from the container's init",
                                (int) report->kind);
        }
}

int sandbox_dispatch(Sandbox *s, SandboxEvent *ret) {
        _cleanup_(report_done) Report report = REPORT_NULL;
        int r;

        r = report_receive(s->report_fd, &report);
        if (r < 0)
                return log_error_errno(r, "Failed to hear from the container's init: %m");
        if (r == 0)
                return channel_closed(s, ret);
        return handle(s, &report, ret);
}

static int tell(Sandbox *s, ReportKind kind) {
        int r;

        r = report_send_kind(s->report_fd, kind);
        if (r < 0)
                return log_error_errno(r, "Failed to talk to the container's init: %m");
        return 0;
}

int sandbox_allow(Sandbox *s) {
        return tell(s, REPORT_GO);
}

int sandbox_release(Sandbox *s) {
        int r;

        r = tell(s, REPORT_GO);
        if (r >= 0)
                s->released = true;
        return r;
}

int sandbox_start_payload(Sandbox *s) {
        int r;

        r = tell(s, REPORT_START);
        if (r >= 0)
                s->starting = true;
        return r;
}
