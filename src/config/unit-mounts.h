/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The directories that systemd makes for a unit (systemd.exec(5)), as mounts at the same paths. */

#include "spec/json.h"

typedef enum UnitDirectoryKind {
        UNIT_DIRECTORY_PLAIN,  /* as it is */
        UNIT_DIRECTORY_OWN,    /* belongs to the payload's user inside, as it would to User= of a service */
        UNIT_DIRECTORY_SECRET, /* credentials: a copy that only the payload's user can read */
} UnitDirectoryKind;

typedef struct UnitDirectory {
        char *path;
        UnitDirectoryKind kind;
} UnitDirectory;

/* Releases what a UnitDirectory holds. */
void unit_directory_clear(void *directory);

/* Appends them (an array of UnitDirectory) to the mounts; what the configuration itself mounts at such a
 * path stays. Logs what has the wrong type, name#/pointer (-EINVAL). */
int config_json_directories(JsonDocument *document, const char *name, const GArray *directories);
