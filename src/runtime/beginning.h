/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How every container begins, be it made from a bundle or restored from an image: its configuration, state,
 * state directory and resctrl group. All functions log. */

#include <stdbool.h>
#include <sys/types.h>

#include "resctrl/rdt-config.h"
#include "runtime/state.h"
#include "spec/spec.h"

/* Reads the configuration: config, or config.json in the bundle. -EINVAL: it, or the id, is not valid. */
int container_load_spec(const char *id, const char *bundle, const char *config, Spec **ret);

/* What stdin, stdout and stderr of a process are (pid 0: ours), as /proc tells: a JSON array. Caller frees.
 */
char *container_descriptors(pid_t pid);

/* A state with all that the configuration tells: no place yet, and no process. */
State *container_new_state(const Spec *spec, const char *id);

/* What the configuration wants of resctrl; borrows from it. As resctrl_check(). */
int container_check_resctrl(const Spec *spec, const char *id, ResctrlConfig *ret);

/* Makes the state directory with the state and a copy of the configuration: what a later "delete --force"
 * needs to find, should we be killed from now on, is the names of what will be made. Returns a descriptor.
 * -EEXIST: there is such a container. */
int container_make_directory(const char *root, const Spec *spec, const State *state);

/* Makes the resctrl group that the configuration wants, if any, and records in the state what is to be
 * removed with the container. */
int container_make_resctrl(
                int dir_fd, const Spec *spec, State *state, const ResctrlConfig *config, bool *ret_created);

/* Puts a process with one thread into that group. */
int container_join_resctrl(const Spec *spec, const ResctrlConfig *config, const char *id, pid_t pid);

/* Take back the two. */
void container_undo_resctrl(const State *state, const ResctrlConfig *config, bool created);
void container_remove_directory(const char *root, const char *id);
