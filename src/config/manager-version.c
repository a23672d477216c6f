/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config/manager-version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/macro.h"

/* What follows is "257.so", or with the package's version, "252-46.el9.so". */
#define LIBRARY "/libsystemd-shared-"

int manager_version_from_maps(const char *maps) {
        const char *found = strstr(maps, LIBRARY);
        long version;
        char *end;

        if (!found)
                return -ENODATA;
        found += STRLEN(LIBRARY);
        version = strtol(found, &end, 10);
        return end == found || version <= 0 || version > 100000 ? -ENODATA : (int) version;
}

int manager_version_installed(const char *directory) {
        _cleanup_closedir_ DIR *dir = opendir(directory);
        const struct dirent *entry;
        int lowest = -ENODATA;

        while (dir && (entry = readdir(dir))) {
                _cleanup_free_ char *path = g_strconcat("/", entry->d_name, NULL);
                int version = manager_version_from_maps(path);

                if (version > 0 && (lowest < 0 || version < lowest))
                        lowest = version;
        }
        return lowest;
}

/* The manager of a user has a capability since systemd 254, and a process without it may not look. */
static int guess_version(void) {
        static const char *const directories[] = { SYSTEMD_LIBRARY_DIR, "/usr/lib/systemd" };
        int version = -ENODATA;

        for (size_t i = 0; version < 0 && i < ELEMENTSOF(directories); i++)
                version = manager_version_installed(directories[i]);
        return version;
}

int manager_version(pid_t pid) {
        _cleanup_free_ char *maps = NULL;
        char path[sizeof "/proc//maps" + 10];
        int r;

        (void) snprintf(path, sizeof path, "/proc/%d/maps", (int) pid);
        r = read_file_at(AT_FDCWD, path, &maps, NULL);
        if (r == -EACCES || r == -EPERM)
                return guess_version();
        return r < 0 ? r : manager_version_from_maps(maps);
}
