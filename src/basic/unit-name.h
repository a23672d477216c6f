/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Container ids and the names of units. Pure. */

#include <stdbool.h>

/* Letters, digits, "_", "+", "-", "."; not "." or "..", at most 255 bytes - runc's rule. */
bool container_id_is_valid(const char *id);

/* Escapes what a unit name may not contain as \xNN, as systemd-escape(1) does but for "-", which stays:
 * instance names of container@.service are read as they are. Caller frees. */
char *unit_name_escape(const char *s);

/* The opposite. NULL when an escape is malformed. */
char *unit_name_unescape(const char *s);

/* The containers that a unit's argument names: "web", an escaped instance of container@.service, is
 * container web itself; "web@1" is an instance of a template (declared-name.h);
 * "container-web@0-127.0.0.1:80-127.0.0.1:4711" is what %N of container-web@.service is for one connection:
 * the container web-0-127.0.0.1_80-127.0.0.1_4711, which web.container declares. -EINVAL: no container can
 * have such a name. Callers free. */
int unit_argument_parse(const char *argument, char **ret_id, char **ret_declared);

/* Names of slice and scope of a container from linux.cgroupsPath ("slice:prefix:name"). Without one they are
 * machine.slice (root) or app.slice (user) and berth-ID.scope. An empty slice is system.slice (root) or
 * app.slice (user), as in runc's docs/systemd.md; with an empty prefix the scope is name.scope; an empty
 * name is the id; a name that ends in ".slice" stays as it is. -EINVAL: cgroupsPath has a colon but not this
 * form. Callers free. */
int unit_names_for_container(
                const char *cgroups_path, const char *id, bool user, char **ret_slice, char **ret_scope);

/* The innermost service that a cgroup's path is of, and whether it is one of a user's manager. NULL: of
 * none. Caller frees. */
char *unit_name_of_cgroup(const char *cgroup, bool *ret_user);
