/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns how the supervisor executes something. What enters a container is done by children (berth create,
 * berth exec), so that what this needs is never loaded here. */

#include "runtime/supervise-command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "cgroup/cgroup.h"
#include "runtime/service-env.h"
#include "runtime/state.h"
#include "runtime/subgroup.h"

#define PROGRAM BERTH_BINDIR "/berth"

static int spawn(char **command, const int stdio[static 3], pid_t *ret) {
        _cleanup_strv_ char **env = service_env_for_runtime();
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attr;
        sigset_t all, none;
        int r;

        (void) sigfillset(&all);
        (void) sigemptyset(&none);
        (void) posix_spawnattr_init(&attr);
        (void) posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
        (void) posix_spawnattr_setsigdefault(&attr, &all);
        (void) posix_spawnattr_setsigmask(&attr, &none);
        (void) posix_spawn_file_actions_init(&actions);
        for (int i = 0; i < 3; i++)
                (void) posix_spawn_file_actions_adddup2(&actions, stdio[i], i);

        r = posix_spawn(ret, PROGRAM, &actions, &attr, command, env);
        (void) posix_spawn_file_actions_destroy(&actions);
        (void) posix_spawnattr_destroy(&attr);
        return r > 0 ? log_error_errno(r, "Failed to execute '%s': %m", PROGRAM) : 0;
}

#define OOM_SCORE "/proc/self/oom_score_adj"

/* How much likelier than its supervisor a user's container is to be killed. */
#define OOM_DISTANCE 100

/* Our own protection from the OOM killer (OOMScoreAdjust= of the unit) is not the payload's, which would
 * inherit it. A user's systemd cannot give it to us, and leaves us with its own: then the payload gets a
 * worse one, as other units of users do. Caller frees; NULL: it may have ours. */
static char *payload_oom_score(const char *own) {
        _cleanup_free_ char *path = g_strdup_printf("/proc/%d/oom_score_adj", (int) getppid()),
                            *managers = NULL;
        int score = atoi(own);

        if (score < 0)
                return g_strdup("0");
        if (geteuid() == 0 || read_file_at(AT_FDCWD, path, &managers, NULL) < 0 || atoi(managers) != score)
                return NULL;
        return g_strdup_printf("%d", MIN(score + OOM_DISTANCE, 1000));
}

int supervise_spawn(char **command, const int stdio[static 3], pid_t *ret) {
        _cleanup_free_ char *own = NULL, *score = NULL;
        int r;

        if (read_file_at(AT_FDCWD, OOM_SCORE, &own, NULL) >= 0)
                score = payload_oom_score(own);
        if (score)
                (void) write_string_at(AT_FDCWD, OOM_SCORE, score);
        r = spawn(command, stdio, ret);
        if (score)
                (void) write_string_at(AT_FDCWD, OOM_SCORE, own); /* lower: that may need a capability */
        return r;
}

/* ---- commands in the container ---- */

static void close_cgroups(Command *c) {
        closep(&c->cgroup_fd);
        closep(&c->parent_fd);
        c->cgroup_fd = c->parent_fd = -EBADF;
}

/* Where the container's cgroups are its own business altogether, a command is where berth exec puts it, and
 * of one that is killed only its first process. */
static void make_cgroup(Command *c, const Supervisor *s) {
        _cleanup_(state_freep) State *state = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        r = state_try_load(s->root, s->id, &state);
        if (r < 0)
                return;
        path = subgroup_path(state);
        if (!path)
                return;
        c->parent_fd = cgroup_open(path);
        if (c->parent_fd >= 0 && (mkdirat(c->parent_fd, c->group, 0755) >= 0 || errno == EEXIST))
                c->cgroup_fd = openat(
                                c->parent_fd, c->group, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (c->cgroup_fd < 0) {
                (void) log_debug_errno(errno, "No cgroup '%s' below '%s': %m", c->group, path);
                close_cgroups(c);
        }
}

static char **exec_command(const Command *c, const Supervisor *s, char **words) {
        g_autoptr(GStrvBuilder) command = g_strv_builder_new();

        g_strv_builder_add_many(command, "berth", "--log-format=journal", "exec", NULL);
        if (c->cgroup_fd >= 0)
                g_strv_builder_add_many(command, "--cgroup", c->group, NULL);
        g_strv_builder_add(command, s->id);
        g_strv_builder_addv(command, (const char **) words);
        return g_strv_builder_end(command);
}

int command_start(Command *c, const Supervisor *s, char **words, int out, int err) {
        _cleanup_close_ int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        _cleanup_strv_ char **command = NULL;
        int r;

        if (null_fd < 0)
                return log_error_errno(errno, "Failed to open '/dev/null': %m");
        make_cgroup(c, s);
        command = exec_command(c, s, words);
        r = supervise_spawn(command, (const int[]) { null_fd, out, err }, &c->pid);
        if (r < 0) {
                c->pid = 0;
                command_ended(c, /* kill_rest= */ false);
        }
        return r;
}

void command_kill(Command *c) {
        if (c->pid > 0)
                (void) kill(c->pid, SIGKILL); /* not reaped yet, so it is nobody else's number */
        if (c->cgroup_fd >= 0)
                (void) cgroup_kill(c->cgroup_fd);
}

void command_ended(Command *c, bool kill_rest) {
        c->pid = 0;
        if (c->cgroup_fd < 0)
                return;
        if (kill_rest)
                (void) cgroup_kill(c->cgroup_fd);
        /* What is still on its way out keeps it there for the next time. */
        (void) unlinkat(c->parent_fd, c->group, AT_REMOVEDIR);
        close_cgroups(c);
}

void command_done(Command *c) {
        command_kill(c);
        close_cgroups(c);
}
