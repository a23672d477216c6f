/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where declarations lie and which of them counts. Directories have the precedence that unit directories
 * have: the first that has a name wins, an empty file or a link to /dev/null masks it; NAME.container.d/
 * (any directory) has drop-ins, *.conf, with the same rule for each of their names, applied in the order of
 * these. As for units, there are drop-ins for more than one name: for all that begin with "web-" in
 * web-.container.d, for all instances of a template in web@.container.d, for all in container.d; of the same
 * name, those of an earlier directory and then of the longer name count, those of container.d last. */

#include <glib.h>
#include <stdbool.h>

#include "basic/cleanup.h"

typedef struct ConfigFound {
        char *name;         /* as of declared-name.h: "web", "web@1", "web@" */
        char *path;         /* the file that counts: of an instance without one, the template's */
        bool named;         /* there is a file of that name; else an instance of which there are drop-ins */
        GPtrArray *dropins; /* of char*: paths in the order of application; NULL: none */
        bool checked;       /* writable by everybody is an error (not under BERTH_UNIT_PATH) */
} ConfigFound;

void config_found_free(ConfigFound *found);
DEFINE_CLEANUP(ConfigFound *, config_found_free);

/* The directories, highest precedence first: those of BERTH_UNIT_PATH (colons; absolute) if that is set;
 * else for the system /etc/berth, /run/berth, /usr/local/lib/berth, /usr/lib/berth, for a user
 * $XDG_CONFIG_HOME/berth (~/.config/berth), $XDG_RUNTIME_DIR/berth, /etc/berth/users/UID, /etc/berth/users,
 * /usr/lib/berth/users.
 */
char **config_search_path(bool user);

/* All names in the directories, sorted, as GPtrArray of ConfigFound*: with templates, and those of their
 * instances that have a file or drop-ins of their own. Directories that do not exist are empty; others that
 * cannot be read, and files whose name no container can have, are told in messages. Does not log. */
GPtrArray *config_enumerate(const char *const *directories, GPtrArray *messages);

/* One name; that of an instance is found if there is the template. -ENOENT: no directory has it. Does not
 * log. */
int config_find(const char *const *directories, const char *name, ConfigFound **ret);

/* The same for NAME.volume. */
int config_find_volume(const char *const *directories, const char *name, ConfigFound **ret);

/* Reads a declaration or drop-in. Returns 1, 0 when it is masked (empty, or a link to /dev/null), -EPERM
 * when everybody may write it and checked is set, -EINVAL when it is not a regular file, or an errno of
 * opening and reading. Does not log. */
int config_read(const char *path, bool checked, char **ret, size_t *ret_size);
