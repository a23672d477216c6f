/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the options of each verb fill in. The tables are in verbs.c. */

#include <stdbool.h>

typedef struct CreateCall {
        const char *bundle;
        const char *config;
        const char *console_socket;
        const char *pid_file;
        const char *pidfd_socket;
        const char *resources_from;
        unsigned preserve_fds;
        bool no_pivot;
        bool no_new_keyring;
        bool detach;
        bool keep;
} CreateCall;

typedef struct AdoptCall {
        bool all;
} AdoptCall;

typedef struct KillCall {
        bool all;
        bool regex;
} KillCall;

typedef struct DeleteCall {
        bool force;
        bool regex;
} DeleteCall;

typedef struct ExecCall {
        const char *process;
        const char *cwd;
        const char *user;
        const char *pid_file;
        const char *console_socket;
        const char *pidfd_socket;
        char **env;
        char **capabilities;
        char **additional_gids;
        char **cgroup;
        const char *apparmor;
        const char *process_label;
        unsigned preserve_fds;
        bool tty;
        bool detach;
        bool no_new_privileges;
        bool ignore_paused;
} ExecCall;

typedef struct ListCall {
        const char *format;
        bool quiet;
} ListCall;

typedef struct PsCall {
        const char *format;
} PsCall;

typedef struct EventsCall {
        const char *interval;
        bool stats;
} EventsCall;

typedef struct SpecCall {
        const char *bundle;
        const char *file;
        bool rootless;
} SpecCall;

typedef struct ConvertCall {
        const char *from;
} ConvertCall;

typedef struct GenerateCall {
        bool dry_run;
} GenerateCall;

typedef struct PullCall {
        const char *authfile;
        const char *from;
        const char *tls_verify;
        bool quiet;
} PullCall;

typedef struct VerifyCall {
        bool json;
} VerifyCall;
