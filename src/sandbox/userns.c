/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sandbox/userns.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/process-util.h"
#include "basic/user-namespace.h"
#include "sandbox/identity.h"

bool userns_wanted(const Spec *spec) {
        return spec_namespace(spec, CLONE_NEWUSER) != NULL;
}

static char *map_text(const SpecIdMapping *map, size_t n) {
        GString *text = g_string_new(NULL);

        for (size_t i = 0; i < n; i++)
                g_string_append_printf(text, "%u %u %u\n", map[i].container_id, map[i].host_id, map[i].size);
        return g_string_free(text, FALSE);
}

/* Starts it with its output in a pipe: that, too, may be said in one message only. Does not log. */
static int spawn_helper(char **argv, pid_t *ret_pid, int *ret_output) {
        posix_spawn_file_actions_t actions;
        int pair[2], r;

        if (pipe2(pair, O_CLOEXEC) < 0)
                return negative_errno();
        (void) posix_spawn_file_actions_init(&actions);
        (void) posix_spawn_file_actions_adddup2(&actions, pair[1], STDOUT_FILENO);
        (void) posix_spawn_file_actions_adddup2(&actions, pair[1], STDERR_FILENO);
        r = posix_spawnp(ret_pid, argv[0], &actions, NULL, argv, environ);
        (void) posix_spawn_file_actions_destroy(&actions);
        (void) close(pair[1]);
        if (r != 0) {
                (void) close(pair[0]);
                return -r;
        }
        *ret_output = pair[0];
        return 0;
}

/* Runs "newuidmap PID INSIDE OUTSIDE COUNT...". */
static int run_map_helper(const char *helper, pid_t pid, const SpecIdMapping *map, size_t n) {
        _cleanup_ptr_array_ GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
        _cleanup_close_ int output = -EBADF;
        _cleanup_free_ char *said = NULL;
        int r, code, status;
        pid_t child;

        g_ptr_array_add(argv, g_strdup(helper));
        g_ptr_array_add(argv, g_strdup_printf("%d", (int) pid));
        for (size_t i = 0; i < n; i++) {
                g_ptr_array_add(argv, g_strdup_printf("%u", map[i].container_id));
                g_ptr_array_add(argv, g_strdup_printf("%u", map[i].host_id));
                g_ptr_array_add(argv, g_strdup_printf("%u", map[i].size));
        }
        g_ptr_array_add(argv, NULL);

        r = spawn_helper((char **) argv->pdata, &child, &output);
        if (r < 0)
                return log_error_errno(
                                r,
                                "Failed to run %s, which an ordinary user needs for a mapping of more than "
                                "the own id (package uidmap or shadow-utils): %m",
                                helper);
        (void) read_fd(output, &said, NULL);
        r = process_reap(child, &code, &status);
        if (r < 0)
                return log_error_errno(r, "Failed to wait for %s: %m", helper);
        if (code != CLD_EXITED || status != 0)
                return log_error_errno(
                                -EPERM, "The id mapping was refused, see /etc/subuid and /etc/subgid: %s",
                                isempty(said) ? helper : g_strchomp(said));
        return 0;
}

/* What the kernel lets an ordinary user map without any help (user_namespaces(7)). */
static bool is_own_group(const SpecIdMapping *map, size_t n) {
        return n == 1 && map->size == 1 && map->host_id == getegid();
}

static int write_gid_map_of_our_own(pid_t pid, const char *path, const char *text) {
        _cleanup_free_ char *setgroups = g_strdup_printf("/proc/%d/setgroups", (int) pid);
        int r;

        /* A group may be there to take rights away: who has none must not be able to leave it
         * (CVE-2014-8989). */
        r = write_string_at(AT_FDCWD, setgroups, "deny");
        return r < 0 ? r : write_string_at(AT_FDCWD, path, text);
}

static int write_map(pid_t pid, const char *name, const SpecIdMapping *map, size_t n) {
        _cleanup_free_ char *path = g_strdup_printf("/proc/%d/%s_map", (int) pid, name),
                            *text = map_text(map, n);
        int r;

        if (n == 0)
                return 0;
        r = write_string_at(AT_FDCWD, path, text);
        if (r == -EPERM && streq(name, "gid") && is_own_group(map, n))
                r = write_gid_map_of_our_own(pid, path, text);
        if (r == -EPERM && geteuid() != 0)
                return run_map_helper(streq(name, "uid") ? "newuidmap" : "newgidmap", pid, map, n);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to write %s (%s): %m%s", path, g_strdelimit(text, "\n", ';'),
                                r == -EPERM && !user_namespace_is_initial()
                                                ? " (host ids are those of the user namespace that we are "
                                                  "in)"
                                                : "");
        return 0;
}

int userns_write_maps(const SpecIdMap *map, pid_t pid) {
        int r;

        r = write_map(pid, "uid", map->uid, map->n_uid);
        if (r >= 0)
                r = write_map(pid, "gid", map->gid, map->n_gid);
        return r;
}

/* Who makes the container's files: root; where that has no id on the host, the first one that has. A joined
 * namespace is taken to have a root. */
static uint32_t first_id(const SpecIdMapping *map, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (map[i].container_id == 0)
                        return 0;
        return n > 0 ? map[0].container_id : 0;
}

int userns_outside_uid(const SpecIdMap *map, uint32_t uid, uid_t *ret) {
        for (size_t i = 0; i < map->n_uid; i++) {
                const SpecIdMapping *m = &map->uid[i];

                if (uid >= m->container_id && uid - m->container_id < m->size) {
                        *ret = m->host_id + (uid - m->container_id);
                        return 0;
                }
        }
        return -ESRCH;
}

int userns_become_root(const Spec *spec) {
        const SpecIdMap *map = &spec->linux_.id_map;
        uint32_t uid = first_id(map->uid, map->n_uid), gid = first_id(map->gid, map->n_gid);

        /* Supplementary groups of the caller have no place in here; an unprivileged mapping forbids even
         * this. */
        if (!identity_keeps_groups(spec) && setgroups(0, NULL) < 0 && errno != EPERM)
                return log_error_errno(negative_errno(), "Failed to drop supplementary groups: %m");
        if (setresgid(gid, gid, gid) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to become group %u of the user namespace: %m",
                                gid);
        if (setresuid(uid, uid, uid) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to become user %u of the user namespace: %m", uid);
        return 0;
}
