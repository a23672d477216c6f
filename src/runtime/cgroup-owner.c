/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the ownership of the container's cgroup. Nothing but what the kernel lists as safe to delegate is
 * given away: the files with the limits stay root's. */

#include "runtime/cgroup-owner.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"

#define DELEGATE_LIST "/sys/kernel/cgroup/delegate"

/* Where there is no list, the specification has this one. */
#define DELEGATE_DEFAULT "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n"

static bool mounts_writable_cgroup(const Spec *spec) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                const SpecMount *m = &spec->mounts[i];

                if (!m->bind && m->source && streq(m->source, "cgroup") &&
                    streq(m->destination, "/sys/fs/cgroup"))
                        return !(m->attr_set & MOUNT_ATTR_RDONLY);
        }
        return false;
}

bool cgroup_owner_wanted(const Spec *spec) {
        const SpecNamespace *cgroup = spec_namespace(spec, CLONE_NEWCGROUP);

        return spec->process_set && cgroup && !cgroup->path && mounts_writable_cgroup(spec);
}

/* The id on the host of a user of the container; false when it has none that we know. */
static bool host_uid(const Spec *spec, uint32_t uid, uid_t *ret) {
        const SpecIdMap *map = &spec->linux_.id_map;

        if (!spec_namespace(spec, CLONE_NEWUSER)) {
                *ret = uid;
                return true;
        }
        for (size_t i = 0; i < map->n_uid; i++)
                if (uid >= map->uid[i].container_id && uid - map->uid[i].container_id < map->uid[i].size) {
                        *ret = map->uid[i].host_id + (uid - map->uid[i].container_id);
                        return true;
                }
        return false;
}

static int give(int cgroup_fd, const char *file, uid_t uid) {
        if (fchownat(cgroup_fd, file, uid, -1, *file ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH) >= 0 ||
            errno == ENOENT)
                return 0;
        return log_error_errno(
                        negative_errno(), "Failed to give '%s' of the container's cgroup to user %u: %m",
                        *file ? file : ".", uid);
}

static int give_all(const Spec *spec, uint32_t container_uid, int cgroup_fd) {
        _cleanup_free_ char *list = NULL;
        _cleanup_strv_ char **files = NULL;
        uid_t uid;
        int r;

        /* Without privileges it is ours, and can be nobody else's. */
        if (geteuid() != 0 || !host_uid(spec, container_uid, &uid) || uid == 0)
                return 0;

        if (read_file_at(AT_FDCWD, DELEGATE_LIST, &list, NULL) < 0)
                list = g_strdup(DELEGATE_DEFAULT);
        files = g_strsplit(list, "\n", -1);
        r = give(cgroup_fd, "", uid);
        for (char **file = files; *file && r >= 0; file++)
                if (**file)
                        r = give(cgroup_fd, *file, uid);
        return r;
}

int cgroup_owner_apply(const Spec *spec, int cgroup_fd) {
        return cgroup_owner_wanted(spec) ? give_all(spec, spec->process.user.uid, cgroup_fd) : 0;
}

int cgroup_owner_delegate(const Spec *spec, int cgroup_fd) {
        return give_all(spec, /* container_uid= */ 0, cgroup_fd);
}
