/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The verbs of berth: one row each in verbs.c or declared-verbs.c. A verb takes the global options and its
 * words, and returns the exit status. */

#include <stdbool.h>

#include "runtime/placement.h"

typedef struct GlobalOptions {
        const char *root; /* where state directories live */
        const char *criu; /* program; NULL: the one in $PATH */
        CgroupManager cgroup_manager;
        Rootless rootless;
} GlobalOptions;

typedef struct VerbCall {
        const GlobalOptions *global;
        const void *options; /* the verb's own structure, filled by its table */
        char **args;         /* words behind the options, NULL-terminated */
} VerbCall;

#define EXIT_EXEC_FAILURE 255

/* One for each row of the table. */
int verb_adopt(const VerbCall *call);
int verb_create(const VerbCall *call);
int verb_run_container(const VerbCall *call);
int verb_start(const VerbCall *call);
int verb_kill(const VerbCall *call);
int verb_delete(const VerbCall *call);
int verb_exec(const VerbCall *call);
int verb_state(const VerbCall *call);
int verb_list(const VerbCall *call);
int verb_checkpoint(const VerbCall *call);
int verb_restore(const VerbCall *call);
int verb_mounts(const VerbCall *call);
int verb_pause(const VerbCall *call);
int verb_resume(const VerbCall *call);
int verb_ps(const VerbCall *call);
int verb_update(const VerbCall *call);
int verb_events(const VerbCall *call);
int verb_spec(const VerbCall *call);
int verb_features(const VerbCall *call);
int verb_cat(const VerbCall *call);
int verb_convert(const VerbCall *call);
int verb_generate(const VerbCall *call);
int verb_pull(const VerbCall *call);
int verb_verify(const VerbCall *call);
