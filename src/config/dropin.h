/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What systemd is told about a declared container: drop-ins for container@NAME.service, its socket unit, and
 * the links of [Install]. Only texts; who writes them is berth-generator.
 *
 * With a [Socket] section the service has Sockets=, so starting it by hand brings its socket along. Units in
 * [Install] link the service; sockets.target links the socket alone, which is start on demand. When anything
 * wants the container, its socket is wanted by sockets.target, too.
 *
 * With Accept=yes there is a service for each connection. systemd makes its name of the socket's, without
 * the instance, so the socket is container-NAME@NAME.socket, with container@NAME.socket as a second name,
 * and the service an instance of container-NAME@.service, a link to a template in libexecdir. (In the
 * directories of units it would be a second name for that.) Whatever wants the container wants the socket.
 *
 * With ProxyPort= there is a socket container-proxy@NAME.socket with all that is forwarded, and a drop-in
 * for its service that says whereto.
 *
 * The unit of a declaration with errors exists all the same: it fails at start with the errors as its
 * output. */

#include <glib.h>

#include "config/container-file.h"

typedef struct DropinFile {
        char *path;   /* below the generator's directory */
        char *data;   /* text of the file; NULL: a link */
        char *target; /* of the link */
} DropinFile;

typedef struct DropinContext {
        const char *unit_dir;   /* where container@.service is installed */
        const char *libexecdir; /* where berth-prepare is */
        bool user;              /* units of a user's manager */
} DropinContext;

/* What all containers get from a systemd of that version, or NULL. Caller frees with dropin_file_free().
 * Pure.
 */
DropinFile *dropin_for_version(int version);
void dropin_file_free(void *file);

/* All files of a container, or those that a template needs whatever its instances are, as GPtrArray of
 * DropinFile*, in an order that only depends on the input; broken: the declaration has errors. Pure. */
GPtrArray *dropin_generate(const ContainerFile *container, const DropinContext *context, bool broken);
