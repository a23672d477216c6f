/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The search for resctrl among the mounts. */

#include <fcntl.h>
#include <sys/stat.h>

#include "resctrl/mount.h"

#include "basic/cleanup.h"

#define PROC  "23 28 0:21 / /proc rw,nosuid shared:12 - proc proc rw\n"
#define GROUP "40 23 0:44 /web /mnt/one\\040group rw - resctrl resctrl rw\n"
#define WHOLE "41 23 0:44 / /mnt/re\\040sctrl rw,relatime shared:5 master:2 - resctrl none rw,cdp\n"

static void test_find_mount(void) {
        static const struct {
                const char *mountinfo, *path;
        } cases[] = {
                { PROC WHOLE, "/mnt/re sctrl" }, /* optional fields, an escaped blank */
                { PROC GROUP WHOLE, "/mnt/re sctrl" },
                { PROC GROUP, NULL }, /* a bind mount of one group is not the file system */
                { PROC, NULL },
                { "42 23 0:44 / /resctrl rw - tmpfs resctrl rw\n", NULL }, /* only the source has the name */
                { "", NULL },
                { "42 23 0:44 / /mnt rw\n", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                g_autofree char *path = resctrl_find_mount(cases[i].mountinfo);

                g_assert_cmpstr(path, ==, cases[i].path);
        }
}

static void test_open(void) {
        g_autofree char *root = g_dir_make_tmp("berth-resctrl-XXXXXX", NULL);
        _cleanup_close_ int again = -EBADF;
        _cleanup_close_ int fd = -EBADF;
        g_autofree char *path = NULL;

        g_assert_cmpint(resctrl_open(root, &fd, &path), ==, 0);
        g_assert_cmpstr(path, ==, root);
        g_assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);

        g_assert_cmpint(rmdir(root), ==, 0);
        g_assert_cmpint(resctrl_open(root, &again, NULL), ==, -ENOENT);
        g_assert_cmpint(again, ==, -EBADF);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/resctrl/mount/find", test_find_mount);
        g_test_add_func("/resctrl/mount/open", test_open);
        return g_test_run();
}
