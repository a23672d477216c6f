/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line of berth-run: systemd-run's, as far as it makes sense for a container. */

#include <glib.h>
#include <stdbool.h>

#include "basic/cleanup.h"

typedef struct RunCall {
        /* NULL: not given */
        const char *bundle, *image, *rootfs;
        const char *background, *description, *expand, *json, *network, *service_type, *unit;
        const char *uid, *gid, *working_directory;
        char **environment, **listen, **properties, **volumes;
        bool collect, ignore_failure, pipe, pty, read_only, same_dir, shell, scope, wait;
        bool system, user;
        bool help, version;
        GPtrArray *given;  /* of char*: "--name" or "--name=" of what was given, in that order */
        GPtrArray *passed; /* of char*: options that systemd-run gets as they are */
        char **command;    /* borrowed from argv; empty: none */
} RunCall;

void run_call_done(RunCall *call);

/* Reads the command line. Logs. -EINVAL: something in it is wrong. */
int run_options_parse(int argc, char **argv, RunCall *ret);

/* Writes the options as a help text to stdout. */
void run_options_print(void);
