/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The syntax of unit files (systemd.syntax(7)), order kept, so that repeated keys keep their meaning:
 * sections, comments that start with # or ;, continuation with a backslash, comments inside of continued
 * lines. What the keys mean is not known here. */

#include <glib.h>
#include <stddef.h>

#include "basic/cleanup.h"

/* Longest line, continued ones put together: systemd's limit. */
#define UNIT_FILE_LINE_MAX (1024U * 1024U)

typedef struct UnitEntry {
        const char *section;
        const char *key;   /* NULL: the section header itself */
        const char *value; /* without white space around it; never NULL when there is a key */
        const char *file;
        unsigned line; /* where the assignment starts, from 1 */
} UnitEntry;

typedef struct UnitFile {
        char *path;
        char *text;      /* the strings of the entries lie in here */
        GArray *entries; /* of UnitEntry */
} UnitFile;

/* Parses text (size bytes and a NUL behind them; ownership passes over). path stands for it in messages.
 * What is wrong is appended to messages; the lines that are right are there nevertheless. Never fails. A
 * byte order mark and CRLF are accepted; NUL bytes, control characters, text that is not UTF-8 and lines
 * that are too long are errors. */
UnitFile *unit_file_parse(const char *path, char *text, size_t size, GPtrArray *messages);

void unit_file_free(UnitFile *file);
DEFINE_CLEANUP(UnitFile *, unit_file_free);
