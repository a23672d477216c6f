/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the grammar of a runtime: which verbs there are, which options and how many words each takes. */

#include "cli/verb-table.h"

#include <stdio.h>
#include <stdlib.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "cli/i18n.h"
#include "cli/options.h"
#include "cli/verb-checkpoint.h"
#include "cli/verb-options.h"
#include "cli/verb-update.h"
#include "runtime/update.h"

#define AT(type, member) offsetof(type, member)

#define CREATE_OPTIONS                                                                         \
        { "bundle",      "b",                                                                  \
          OPTION_STRING, AT(CreateCall, bundle),                                               \
          "DIR",         N_("directory with config.json and rootfs") },                        \
                        { "config",      "f",                                                  \
                          OPTION_STRING, AT(CreateCall, config),                               \
                          "FILE",        N_("configuration other than the bundle's") },        \
                        { "console-socket", NULL,                                              \
                          OPTION_STRING,    AT(CreateCall, console_socket),                    \
                          "PATH",           N_("socket that gets the terminal's master") },    \
                        { "no-new-keyring",                                                    \
                          NULL,                                                                \
                          OPTION_SWITCH,                                                       \
                          AT(CreateCall, no_new_keyring),                                      \
                          NULL,                                                                \
                          N_("leave the payload in our session keyring") },                    \
                        { "no-pivot",    NULL,                                                 \
                          OPTION_SWITCH, AT(CreateCall, no_pivot),                             \
                          NULL,          N_("do not use pivot_root, for initial ramfs") },     \
                        { "no-subreaper", NULL, OPTION_IGNORE_SWITCH, 0, NULL, NULL },         \
                        { "pid-file",    NULL,                                                 \
                          OPTION_STRING, AT(CreateCall, pid_file),                             \
                          "PATH",        N_("file that gets the pid of init") },               \
                        { "pidfd-socket", NULL,                                                \
                          OPTION_STRING,  AT(CreateCall, pidfd_socket),                        \
                          "PATH",         N_("socket that gets the pidfd of init") },          \
                        { "preserve-fds",                                                      \
                          NULL,                                                                \
                          OPTION_UINT,                                                         \
                          AT(CreateCall, preserve_fds),                                        \
                          "N",                                                                 \
                          N_("pass N descriptors from 3 on") },                                \
        {                                                                                      \
                "resources-from", NULL, OPTION_STRING, AT(CreateCall, resources_from), "UNIT", \
                                N_("apply the resource settings of this unit to the scope")    \
        }

static const Option no_options[] = { { 0 } };

static const Option adopt_options[] = {
        { "all", "a", OPTION_SWITCH, AT(AdoptCall, all), NULL, N_("all containers that units run") },
        { 0 },
};

static const Option create_options[] = { CREATE_OPTIONS, { 0 } };

static const Option run_options[] = {
        CREATE_OPTIONS,
        { "detach", "d", OPTION_SWITCH, AT(CreateCall, detach), NULL, N_("do not wait for the payload") },
        { "keep", NULL, OPTION_SWITCH, AT(CreateCall, keep), NULL,
          N_("do not remove the container when it has ended") },
        { 0 },
};

static const Option kill_options[] = {
        { "all", "a", OPTION_SWITCH, AT(KillCall, all), NULL, N_("signal every process of the container") },
        { "regex", "r", OPTION_SWITCH, AT(KillCall, regex), NULL,
          N_("ID is a regular expression: signal all containers that match") },
        { 0 },
};

static const Option delete_options[] = {
        { "force", "f", OPTION_SWITCH, AT(DeleteCall, force), NULL, N_("kill it first, if it still runs") },
        { "regex", "r", OPTION_SWITCH, AT(DeleteCall, regex), NULL,
          N_("ID is a regular expression: remove all containers that match") },
        { 0 },
};

static const Option exec_options[] = {
        { "additional-gids", "g", OPTION_UINTS, AT(ExecCall, additional_gids), "GID", N_("one more group") },
        { "apparmor", NULL, OPTION_STRING, AT(ExecCall, apparmor), "PROFILE",
          N_("AppArmor profile of the process") },
        { "cap", "c", OPTION_LIST, AT(ExecCall, capabilities), "NAME", N_("one more capability") },
        { "cgroup", NULL, OPTION_LIST, AT(ExecCall, cgroup), "PATH",
          N_("put it into this cgroup below the container's") },
        { "console-socket", NULL, OPTION_STRING, AT(ExecCall, console_socket), "PATH",
          N_("socket that gets the terminal's master") },
        { "cwd", NULL, OPTION_STRING, AT(ExecCall, cwd), "DIR", N_("working directory in the container") },
        { "detach", "d", OPTION_SWITCH, AT(ExecCall, detach), NULL, N_("do not wait for the process") },
        { "env", "e", OPTION_LIST, AT(ExecCall, env), "NAME=VALUE", N_("one more environment variable") },
        { "ignore-paused", NULL, OPTION_SWITCH, AT(ExecCall, ignore_paused), NULL,
          N_("exec into a paused container") },
        { "no-new-privs", NULL, OPTION_SWITCH, AT(ExecCall, no_new_privileges), NULL,
          N_("set no_new_privs") },
        { "pid-file", NULL, OPTION_STRING, AT(ExecCall, pid_file), "PATH", N_("file that gets the pid") },
        { "pidfd-socket", NULL, OPTION_STRING, AT(ExecCall, pidfd_socket), "PATH",
          N_("socket that gets the pidfd of the process") },
        { "preserve-fds", NULL, OPTION_UINT, AT(ExecCall, preserve_fds), "N",
          N_("pass N descriptors from 3 on") },
        { "process", "p", OPTION_STRING, AT(ExecCall, process), "FILE",
          N_("OCI process object to execute") },
        { "process-label", NULL, OPTION_STRING, AT(ExecCall, process_label), "LABEL",
          N_("SELinux label of the process") },
        { "tty", "t", OPTION_SWITCH, AT(ExecCall, tty), NULL, N_("give it a terminal") },
        { "user", "u", OPTION_STRING, AT(ExecCall, user), "UID[:GID]", N_("user and group, numeric") },
        { 0 },
};

static const Option list_options[] = {
        { "format", "f", OPTION_STRING, AT(ListCall, format), "table|json", N_("how to print") },
        { "quiet", "q", OPTION_SWITCH, AT(ListCall, quiet), NULL, N_("ids only") },
        { 0 },
};

static const Option ps_options[] = {
        { "format", "f", OPTION_STRING, AT(PsCall, format), "table|json", N_("how to print") },
        { 0 },
};

static const Option events_options[] = {
        { "interval", NULL, OPTION_STRING, AT(EventsCall, interval), "TIME",
          N_("time between statistics, default 5s") },
        { "stats", NULL, OPTION_SWITCH, AT(EventsCall, stats), NULL, N_("print statistics once") },
        { 0 },
};

static const Option spec_options[] = {
        { "bundle", "b", OPTION_STRING, AT(SpecCall, bundle), "DIR", N_("directory that gets config.json") },
        { "config", "f", OPTION_STRING, AT(SpecCall, file), "FILE",
          N_("file to write instead of config.json") },
        { "rootless", NULL, OPTION_SWITCH, AT(SpecCall, rootless), NULL, N_("for an ordinary user") },
        { 0 },
};

/* Alphabetical. */
static const Verb verbs[] = {
        { "adopt", 0, ARGS_ANY, adopt_options, sizeof(AdoptCall), verb_adopt, "--all|ID...",
          N_("give containers that units run new supervisors, as after an upgrade") },
        { "checkpoint", 1, 1, checkpoint_options, sizeof(CriuFlags), verb_checkpoint, "ID",
          N_("save the processes of a container in files") },
        { "create", 1, 1, create_options, sizeof(CreateCall), verb_create, "ID", N_("make a container") },
        { "delete", 1, 1, delete_options, sizeof(DeleteCall), verb_delete, "ID",
          N_("remove what is left of a container") },
        { "events", 1, 1, events_options, sizeof(EventsCall), verb_events, "ID",
          N_("print statistics and out-of-memory events as JSON") },
        { "exec", 1, ARGS_COMMAND, exec_options, sizeof(ExecCall), verb_exec, "ID COMMAND [ARG...]",
          N_("execute one more process in a container") },
        { "features", 0, 0, no_options, 0, verb_features, "", N_("tell what this runtime can do, as JSON") },
        { "kill", 1, 2, kill_options, sizeof(KillCall), verb_kill, "ID [SIGNAL]",
          N_("send a signal to a container's init") },
        { "list", 0, 0, list_options, sizeof(ListCall), verb_list, "", N_("show containers") },
        { "mounts", 3, 3, no_options, 0, verb_mounts, "add|remove ID FILE",
          N_("change the mounts of a container that exists") },
        { "pause", 1, 1, no_options, 0, verb_pause, "ID",
          N_("stop all processes of a container for a while") },
        { "ps", 1, ARGS_COMMAND, ps_options, sizeof(PsCall), verb_ps, "ID [PS-OPTION...]",
          N_("show the processes of a container") },
        { "restore", 1, 1, restore_options, sizeof(RestoreCall), verb_restore, "ID",
          N_("make a container of processes that were saved") },
        { "resume", 1, 1, no_options, 0, verb_resume, "ID", N_("let a paused container go on") },
        { "run", 1, 1, run_options, sizeof(CreateCall), verb_run_container, "ID",
          N_("make and start a container") },
        { "spec", 0, 0, spec_options, sizeof(SpecCall), verb_spec, "",
          N_("write a configuration to begin with") },
        { "start", 1, 1, no_options, 0, verb_start, "ID",
          N_("execute the payload of a container that was made") },
        { "state", 1, 1, no_options, 0, verb_state, "ID", N_("show one container as JSON") },
        { "update", 1, 1, update_options, sizeof(UpdateOptions), verb_update, "ID",
          N_("change the limits of a container") },
};

const VerbTable oci_verbs = { .verbs = verbs, .n = ELEMENTSOF(verbs) };
