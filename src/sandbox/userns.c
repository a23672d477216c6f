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

/* Runs "newuidmap PID INSIDE OUTSIDE COUNT...". */
static int run_map_helper(const char *helper, pid_t pid, const SpecIdMapping *map, size_t n) {
        _cleanup_ptr_array_ GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
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

        r = posix_spawnp(&child, helper, NULL, NULL, (char **) argv->pdata, environ);
        if (r != 0)
                return log_error_errno(
                                r, "Failed to run %s, which an unprivileged id mapping needs: %m", helper);
        r = process_reap(child, &code, &status);
        if (r < 0)
                return log_error_errno(r, "Failed to wait for %s: %m", helper);
        if (code != CLD_EXITED || status != 0)
                return log_error_errno(
                                -EPERM, "%s refused the mapping: see /etc/subuid and /etc/subgid", helper);
        return 0;
}

static int write_map(pid_t pid, const char *name, const SpecIdMapping *map, size_t n) {
        _cleanup_free_ char *path = g_strdup_printf("/proc/%d/%s_map", (int) pid, name),
                            *text = map_text(map, n);
        int r;

        if (n == 0)
                return 0;
        r = write_string_at(AT_FDCWD, path, text);
        if (r == -EPERM && geteuid() != 0)
                return run_map_helper(streq(name, "uid") ? "newuidmap" : "newgidmap", pid, map, n);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to write %s (%s): %m", path, g_strdelimit(text, "\n", ';'));
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
