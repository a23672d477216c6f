/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which systemd it is, from the names of what it has mapped; and what containers get from which one. */

#include "basic/fs-util.h"
#include "config/manager-version.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "basic/macro.h"
#include "config/dropin.h"

#define LINE  "7f0d0000-7f0e0000 r--p 00000000 fe:00 123456 "
#define OTHER LINE "/usr/lib/x86_64-linux-gnu/libc.so.6\n"

static void test_maps(void) {
        static const struct {
                const char *maps;
                int version;
        } cases[] = {
                { OTHER LINE "/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so\n", 257 },
                { LINE "/usr/lib/systemd/libsystemd-core-252.so\n" LINE
                       "/usr/lib/systemd/libsystemd-shared-252.so\n" OTHER,
                  252 },
                { LINE "/usr/lib/systemd/libsystemd-shared-252-46.el9_5.2.so\n", 252 },
                { LINE "/usr/lib/systemd/libsystemd-shared-259.1-1.so (deleted)\n", 259 },
                { OTHER, -ENODATA },
                { LINE "/usr/lib/libsystemd.so.0.40.0\n", -ENODATA },
                { LINE "/usr/lib/systemd/libsystemd-shared-git.so\n", -ENODATA },
                { "", -ENODATA },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                g_assert_cmpint(manager_version_from_maps(cases[i].maps), ==, cases[i].version);
        g_assert_cmpint(manager_version(getpid()), ==, -ENODATA);
}

static void test_dropin(void) {
        DropinFile *file = dropin_for_version(253);

        g_assert_nonnull(strstr(file->data, "\nType=notify-reload\n"));
        dropin_file_free(file);
        g_assert_null(dropin_for_version(252));
        g_assert_null(dropin_for_version(-ENODATA));
}

static void test_installed(void) {
        static const char *const files[] = { "libsystemd-shared-257.so", "libsystemd-shared-252-46.el9.so",
                                             "libother-1.so" };
        g_autofree char *directory = g_dir_make_tmp("berth-version-XXXXXX", NULL);

        g_assert_cmpint(manager_version_installed(directory), ==, -ENODATA);
        for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
                g_autofree char *path = g_build_filename(directory, files[i], NULL);

                g_assert_true(g_file_set_contents(path, "", 0, NULL));
        }
        g_assert_cmpint(manager_version_installed(directory), ==, 252);
        g_assert_cmpint(remove_tree_at(AT_FDCWD, directory), ==, 0);
        g_assert_cmpint(manager_version_installed(directory), ==, -ENODATA);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/manager-version/maps", test_maps);
        g_test_add_func("/manager-version/installed", test_installed);
        g_test_add_func("/manager-version/dropin", test_dropin);
        return g_test_run();
}
