/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns which options of berth-run go together. */

#include "cli/run-check.h"

#include <errno.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "config/manager-version.h"

int run_check_since(const char *option, int version) {
        int ours = version > 0 ? manager_version(1) : 0;

        if (ours <= 0 || ours >= version)
                return 0;
        return log_error_errno(
                        -EOPNOTSUPP, "--%s: systemd %d or later is needed, this one is %d", option, version,
                        ours);
}

static const char *const timers[] = {
        "--on-active=",      "--on-boot=",
        "--on-calendar=",    "--on-clock-change",
        "--on-startup=",     "--on-timezone-change",
        "--on-unit-active=", "--on-unit-inactive=",
        "--timer-property=", NULL,
};
static const char *const paths[] = { "--path-property=", NULL };
static const char *const sockets[] = { "--listen=", "--socket-property=", NULL };
static const char *const waits[] = { "--pipe", "--pty", "--shell", "--wait", NULL };
static const char *const scopes[] = { "--scope", NULL };
/* These need a service, or are nothing that a process could do for itself. */
static const char *const services[] = {
        "--background=", "--ignore-failure",    "--job-mode=",     "--no-block", "--pipe", "--shell",
        "--pty",         "--remain-after-exit", "--service-type=", "--verbose",  NULL,
};
static const char *const no_waits[] = { "--no-block", NULL };

/* Groups of which only one can be given. */
static const struct {
        const char *const *a, *const *b;
} exclusive[] = {
        { timers, paths },  { timers, sockets }, { paths, sockets },  { waits, timers },
        { waits, paths },   { waits, sockets },  { waits, no_waits }, { scopes, services },
        { scopes, timers }, { scopes, paths },   { scopes, sockets },
};

/* The first one of a group that was given; NULL: none. */
static const char *given(const RunCall *call, const char *const *group) {
        for (unsigned i = 0; i < call->given->len; i++)
                if (g_strv_contains(group, call->given->pdata[i]))
                        return call->given->pdata[i];
        return NULL;
}

const char *run_trigger(const RunCall *call) {
        return given(call, timers)             ? "timer"
                        : given(call, paths)   ? "path"
                        : given(call, sockets) ? "socket"
                                               : NULL;
}

static int check_groups(const RunCall *call) {
        for (size_t i = 0; i < ELEMENTSOF(exclusive); i++) {
                const char *a = given(call, exclusive[i].a), *b = given(call, exclusive[i].b);

                if (a && b)
                        return log_error_errno(-EINVAL, "%s and %s exclude each other", a, b);
        }
        return 0;
}

static int check_manager(const RunCall *call) {
        bool root = geteuid() == 0;

        if (call->user && call->system)
                return log_error_errno(-EINVAL, "--user and --system exclude each other");
        if (call->user && root)
                return log_error_errno(
                                -EINVAL,
                                "--user: containers of root are units of the system; call it as "
                                "the user");
        if (call->system && !root)
                return log_error_errno(-EPERM, "--system: only root can have units of the system");
        return 0;
}

int run_check_together(const RunCall *call) {
        int r, sources = !!call->image + !!call->rootfs + !!call->bundle;
        const struct {
                bool wrong;
                const char *text;
        } rules[] = {
                { sources == 0, "one of --image=, --rootfs= and --bundle= is needed" },
                { sources > 1, "--image=, --rootfs= and --bundle= exclude each other" },
                { call->rootfs && !*call->command,
                  "a command is needed: a directory does not say what to run" },
                { call->gid && !call->uid, "--gid= needs --uid=" },
                { call->same_dir && call->working_directory,
                  "--same-dir and --working-directory= exclude each other" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                if (rules[i].wrong)
                        return log_error_errno(-EINVAL, "%s (see berth-run --help)", rules[i].text);
        r = check_groups(call);
        return r < 0 ? r : check_manager(call);
}
