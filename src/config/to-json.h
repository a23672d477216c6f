/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From a declared container to the config.json that runs it: a base, changed by what the declaration says.
 * The base is the bundle's config.json, or for Rootfs= the configuration of "berth spec" with these
 * defaults:
 *
 *   network       the host's. berth sets up no interfaces and addresses: in a namespace of its own nothing
 * could reach a server. Network=none isolates. capabilities  the eleven that Podman gives root in a
 * container; other users have them in the bounding set only. no_new_privs  on. root          writable, as
 * with Podman; ReadOnly=yes makes it read-only with writable /tmp and /var/tmp. /run          a tmpfs, so
 * that what is mounted there leaves no traces in the tree. hostname      the container's name.
 */

#include <stdint.h>
#include <sys/types.h>

#include "config/container-file.h"
#include "spec/image-config.h"
#include "spec/json.h"
#include "spec/spec.h"

/* User= and Group= after the look into the rootfs' passwd and group files. */
typedef struct ContainerUser {
        uint32_t uid, gid;
        uint32_t *groups;
        size_t n_groups;
        char *home; /* NULL: not known */
} ContainerUser;

void container_user_done(ContainerUser *user);

/* A file that is made for the container, in the directory of its unit. */
typedef struct ContainerFileText {
        char *name, *text;
} ContainerFileText;

/* A file of the host that is mounted read-only, below what the declaration itself mounts. */
typedef struct ContainerBind {
        char *source, *destination;
        bool nofollow; /* a symlink at the destination is mounted over, not followed */
} ContainerBind;

/* A device that is there. */
typedef struct ContainerNode {
        char *path; /* in the container */
        char type;  /* 'c' or 'b' */
        unsigned major, minor;
        unsigned mode; /* permission bits */
        uint32_t uid, gid;
        char access[4];
} ContainerNode;

/* What keys name and only the start of the container knows. */
typedef struct ContainerFacts {
        bool has_user; /* User= is given */
        ContainerUser user;
        uint32_t *groups; /* of GroupAdd= */
        size_t n_groups;
        char **environment;  /* of EnvironmentHost=, HttpProxy= and EnvironmentFile=; before Environment= */
        GPtrArray *sources;  /* of char*: where each volume is; NULL for a tmpfs */
        GPtrArray *overlays; /* of char*: the directory with upper and work of each volume with O, else NULL
                              */
        bool map_volumes;    /* volumes of ours have the ids of a user namespace */
        GPtrArray *volumes;  /* what has to be made before; the layer above knows what it is */
        GPtrArray *nodes;    /* of ContainerNode*; NULL: none */
        uint64_t known_capabilities; /* of the kernel, bits by number; 0: all */
        char *seccomp;               /* of SeccompProfile=: the text of the file; NULL: none */
        char *kernel;                /* its release, which rules of a profile may depend on */
        char *init;                  /* of RunInit=: the program on the host */
        char *network;               /* path of a network namespace to join; NULL: none */
        GPtrArray *patches;          /* of ContainerFileText*, the name for messages; NULL: none */
        GPtrArray *files;            /* of ContainerFileText*; NULL: none */
        GPtrArray *binds;            /* of ContainerBind*; NULL: none */
} ContainerFacts;

void container_facts_done(ContainerFacts *facts);
void container_facts_add_file(ContainerFacts *facts, const char *name, const char *text);
void container_facts_add_bind(
                ContainerFacts *facts, const char *source, const char *destination, bool nofollow);
void container_file_text_free(void *file);

/* Makes root.path and the sources of bind mounts absolute, which are relative to bundle. Logs what has the
 * wrong type, name#/pointer (-EINVAL). */
int config_json_absolute(JsonDocument *document, const char *name, const char *bundle);

/* Changes the template of spec_template() to the defaults above. Logs. */
int config_json_rootfs(JsonDocument *document, const ContainerFile *container);

/* The root as layers, the topmost first (SpecOverlay of spec/spec.h). Logs. */
int config_json_overlay(
                JsonDocument *document, const char *name, const char *const *lower, const char *upper,
                const char *work);

/* A user namespace with these ids. map_root: the root's files belong to the same ids in the container as
 * they do on disk (root_idmap of spec/spec.h). Logs. */
int config_json_userns(JsonDocument *document, const char *name, const SpecIdMap *map, bool map_root);

/* The root as a file system in a file. Logs. */
int config_json_root_image(JsonDocument *document, const char *name, const SpecRootImage *image);

/* What an image tells about itself becomes annotations (image-spec, conversion.md): labels, and what is not
 * about the process. image is its name. Logs. */
int config_json_image(
                JsonDocument *document, const char *name, const char *image, const ImageConfig *config);

/* Applies what the declaration says. Logs what has the wrong type in the base, name#/pointer (-EINVAL). */
int config_json_apply(
                JsonDocument *document, const char *name, const ContainerFile *container,
                const ContainerFacts *facts);

/* What every container of a unit gets: the directory with the notify socket at /run/notify, NOTIFY_SOCKET,
 * and a terminal only if the declaration asks for one: a bundle's own wish is for whoever calls a runtime by
 * hand. Logs; an info line when a bundle's terminal was taken away. */
int config_json_unit(JsonDocument *document, const char *name, const char *notify_directory, bool terminal);
