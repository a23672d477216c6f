/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Users as a root file system knows them: its /etc/passwd and /etc/group, read without following a link out
 * of it. The host's users do not matter. */

#include "config/to-json.h"

typedef struct RootfsUserQuery {
        const char *name;  /* of who asks, for messages */
        int root_fd;       /* the tree */
        const char *root;  /* its path, for messages */
        const char *user;  /* number or name */
        const char *group; /* the same; NULL: the user's own */
} RootfsUserQuery;

/* Looks up a user. Without a group, the groups that list the user by name come along; a number that passwd
 * does not know gets group 0, as from other engines. Logs. -ESRCH: there is no such name. */
int rootfs_user_lookup(const RootfsUserQuery *query, ContainerUser *ret);

/* Looks up more groups, numbers or names; user and group of the query do not matter. Logs. -ESRCH as above.
 */
int rootfs_groups_lookup(const RootfsUserQuery *query, char **names, uint32_t **ret, size_t *ret_n);
