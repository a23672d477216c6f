/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns reading passwd and group of a tree that somebody else may control: their contents are data and decide
 * about nothing but ids inside of the container. */

#include "runtime/rootfs-user.h"

#include "basic/log.h"
#include "basic/macro.h"
#include "basic/parse-util.h"
#include "runtime/rootfs-file.h"

#define GROUPS_MAX 65536U

/* The lines of a file; none when it does not exist. */
static int read_lines(const RootfsUserQuery *q, const char *path, char ***ret) {
        _cleanup_free_ char *text = NULL;
        int r = rootfs_file_read(q->root_fd, path, &text);

        if (r == -EINVAL)
                return log_error_errno(r, "%s: '%s/%s' is not a regular file", q->name, q->root, path);
        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "%s: failed to read '%s/%s': %m", q->name, q->root, path);
        *ret = g_strsplit(text ?: "", "\n", -1);
        return 0;
}

/* Splits a line whose field id_field is a number; NULL for others (comments, NIS entries). */
static char **split_line(const char *line, unsigned n_fields, unsigned id_field, uint32_t *ret_id) {
        char **fields = g_strsplit(line, ":", n_fields);

        if (g_strv_length(fields) == n_fields && parse_uint32(fields[id_field], ret_id) >= 0)
                return fields;
        g_strfreev(fields);
        return NULL;
}

/* Fills in what passwd says. Returns the name in *ret_name, NULL when a number is not in there. */
static int find_user(const RootfsUserQuery *q, char **lines, ContainerUser *ret, char **ret_name) {
        bool numeric = parse_uint32(q->user, &ret->uid) >= 0;
        uint32_t uid;

        for (; *lines; lines++) {
                _cleanup_strv_ char **fields = split_line(*lines, 7, 2, &uid);

                if (!fields || !(numeric ? uid == ret->uid : streq(fields[0], q->user)))
                        continue;
                if (parse_uint32(fields[3], &ret->gid) < 0)
                        continue;
                ret->uid = uid;
                if (*fields[5] == '/')
                        ret->home = g_strdup(fields[5]);
                *ret_name = g_strdup(fields[0]);
                return 0;
        }
        if (!numeric)
                return log_error_errno(
                                -ESRCH, "%s: User=%s: no such name in '%s/etc/passwd'", q->name, q->user,
                                q->root);
        ret->gid = 0;
        return 0;
}

static int find_group(
                const RootfsUserQuery *q, const char *key, const char *group, char **lines, uint32_t *ret) {
        uint32_t gid;

        if (parse_uint32(group, ret) >= 0)
                return 0;
        for (; *lines; lines++) {
                _cleanup_strv_ char **fields = split_line(*lines, 4, 2, &gid);

                if (fields && streq(fields[0], group)) {
                        *ret = gid;
                        return 0;
                }
        }
        return log_error_errno(
                        -ESRCH, "%s: %s=%s: no such name in '%s/etc/group'", q->name, key, group, q->root);
}

static void find_additional_groups(char **lines, const char *name, ContainerUser *user) {
        GArray *groups = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        uint32_t gid;

        for (; *lines && groups->len < GROUPS_MAX; lines++) {
                _cleanup_strv_ char **fields = split_line(*lines, 4, 2, &gid), **members = NULL;

                if (!fields || gid == user->gid)
                        continue;
                members = g_strsplit(fields[3], ",", -1);
                if (g_strv_contains((const char *const *) members, name))
                        g_array_append_val(groups, gid);
        }
        user->n_groups = groups->len;
        user->groups = (uint32_t *) g_array_free(groups, FALSE);
}

int rootfs_user_lookup(const RootfsUserQuery *query, ContainerUser *ret) {
        _cleanup_(container_user_done) ContainerUser found = { 0 };
        _cleanup_strv_ char **users = NULL, **groups = NULL;
        _cleanup_free_ char *name = NULL;
        int r;

        r = read_lines(query, "etc/passwd", &users);
        if (r < 0)
                return r;
        r = find_user(query, users, &found, &name);
        if (r < 0)
                return r;
        r = read_lines(query, "etc/group", &groups);
        if (r < 0)
                return r;
        if (query->group)
                r = find_group(query, "Group", query->group, groups, &found.gid);
        else if (name)
                find_additional_groups(groups, name, &found);
        if (r < 0)
                return r;
        *ret = TAKE(found, (ContainerUser) { 0 });
        return 0;
}

int rootfs_groups_lookup(const RootfsUserQuery *query, char **names, uint32_t **ret, size_t *ret_n) {
        _cleanup_free_ uint32_t *gids = g_new(uint32_t, g_strv_length(names) + 1);
        _cleanup_strv_ char **lines = NULL;
        size_t n = 0;
        int r;

        r = read_lines(query, "etc/group", &lines);
        for (; r >= 0 && *names; names++)
                if (!streq(*names, CONTAINER_KEEP_GROUPS))
                        r = find_group(query, "GroupAdd", *names, lines, gids + n++);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(gids);
        *ret_n = n;
        return 0;
}
