/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of to-json share: access with one message when the base has another type there, and the
 * part of each subject. All of them log, name#/pointer, and return 0 or -EINVAL. */

#include "config/to-json.h"

/* ---- access ---- */

int config_json_object(JsonDocument *document, const char *name, const char *pointer, JsonValue *ret);
int config_json_array(JsonDocument *document, const char *name, const char *pointer, JsonValue *ret);

/* NULL: there is none, or it is no string. Pure. */
const char *config_json_string(JsonValue object, const char *key);

/* ---- process ---- */

/* Sets variables, NAME=value, each in the place of an earlier one of that name or at the end; NULL: none. */
int config_json_environment(JsonDocument *document, const char *name, const char *const *assignments);

int config_json_process(
                JsonDocument *document, const char *name, const ContainerFile *c,
                const ContainerFacts *facts);

/* ---- root ---- */

/* Pure. */
bool config_root_is_read_only(const ContainerFile *c);

/* After config_json_security(), which may take paths away that are read-only. */
int config_json_volatile(JsonDocument *document, const char *name, const ContainerFile *c);

/* ---- security ---- */

/* After config_json_process(): what a user may do depends on who it is. */
int config_json_security(
                JsonDocument *document, const char *name, const ContainerFile *c,
                const ContainerFacts *facts);

/* The profile of facts as linux.seccomp: as it is, or from the form that engines use, where rules depend on
 * the capabilities (bits by number) and the machine. */
int config_json_seccomp(
                JsonDocument *document, const char *name, const ContainerFacts *facts,
                uint64_t capabilities);

/* ---- mounts ---- */

/* A bind mount, or a tmpfs if source is "tmpfs". */
int config_json_add_mount(
                JsonDocument *document, const char *name, const char *destination, const char *source,
                const char *const *options);

/* Where init is in a container with RunInit=: in /dev, which is a file system of its own nearly everywhere.
 */
#define CONTAINER_INIT "/dev/init"

/* What the start of the container found to be mounted. */
int config_json_binds(JsonDocument *document, const char *name, const ContainerFacts *facts);

int config_json_volumes(
                JsonDocument *document, const char *name, const ContainerFile *c,
                const ContainerFacts *facts);

/* The size of /dev/shm. */
int config_json_shm_size(JsonDocument *document, const char *name, const ContainerFile *c);

/* ---- devices, annotations ---- */

int config_json_devices(
                JsonDocument *document, const char *name, const ContainerFile *c,
                const ContainerFacts *facts);

/* ---- namespaces ---- */

/* Takes namespaces of a type out, and puts one in: a new one, or that of a path. own: whether to put one in.
 */
int config_json_namespace(
                JsonDocument *document, const char *name, const char *type, bool own, const char *path);

/* Takes the network namespace out, and when own is set puts one in: a new one, or that of a path. */
int config_json_network(JsonDocument *document, const char *name, bool own, const char *path);
