/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A container that nobody declared in a file: what berth-run was told on its command line, as the text of a
 * declaration. The transient unit carries this text in its environment, so there is no file that could be
 * left behind, a restart finds it again, and from there on nothing is special about such a container. Pure.
 */

#include <stdbool.h>

/* The variable of the unit's environment that holds the declaration. berth-prepare prefers it to files. */
#define ADHOC_VARIABLE "BERTH_DECLARATION"

/* NULL: not given. */
typedef struct AdhocContainer {
        const char *rootfs, *bundle, *image; /* exactly one of them; paths absolute */
        const char *network;                 /* as in Network= */
        const char *working_dir;             /* in the container */
        const char *user, *group;            /* names or numbers of the container */
        char **environment;                  /* NAME=value */
        const char *entrypoint;              /* in place of an image's */
        char **command;                      /* program and arguments, taken literally */
        const char *patch;                   /* as in OCIPatch= */
        char **volumes;                      /* as in Volume=, sources absolute or names */
        char **properties; /* NAME=VALUE, of the unit: here only to be refused where they would
                              take the unit apart, as in a file */
        bool read_only;
        bool notify_ready; /* the payload says itself when it is ready */
        bool terminal;
        const char *terminal_type; /* $TERM, unless environment has it */
} AdhocContainer;

/* The declaration. Caller frees. */
char *adhoc_declaration(const AdhocContainer *container);

/* The name of the container that runs in a unit: the unit's name without ".service" and without "berth-" in
 * front, unescaped. -EINVAL: no container can have that name. Caller frees. */
int adhoc_container_id(const char *unit, char **ret);

/* What is said about a key of the declaration ("User=x: ..."), about the option instead that it came from.
 * Caller frees. */
char *adhoc_message(const char *text);
