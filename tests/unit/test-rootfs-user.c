/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names of users, looked up in a tree that may be hostile. */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "runtime/rootfs-user.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
                             "# comment: with: some: colons: in: it\n"
                             "short:x:5\n"
                             "text:x:five:5::/:/bin/sh\n"
                             "+nis::::::\n"
                             "www:x:33:34:Web:/var/www:/bin/sh\n"
                             "nohome:x:40:40::relative:/bin/sh\n"
                             "www:x:99:99:second:/:/bin/sh\n"
                             "12:x:77:77::/:/bin/sh\n"
                             "last:x:50:50::/:/bin/sh"; /* no newline */

static const char group[] =
                "root:x:0:\nwww:x:34:www\nextra:x:44:a,www,b\nother:x:45:wwwx\nbad:x:y:www\nmore:x:46:www\n";

typedef struct Fixture {
        char *top;
        int fd;
        GString *log;
} Fixture;

static void take_message(int level, int err, const char *message, void *userdata) {
        g_string_append_printf(userdata, "%s\n", message);
}

static void set_up(Fixture *f, const void *data) {
        _cleanup_free_ char *etc = NULL;

        f->top = g_dir_make_tmp("berth-user-XXXXXX", NULL);
        etc = g_strdup_printf("%s/etc", f->top);
        g_assert_cmpint(mkdir(etc, 0755), ==, 0);
        f->fd = open(f->top, O_PATH | O_DIRECTORY | O_CLOEXEC);
        g_assert_cmpint(f->fd, >=, 0);
        f->log = g_string_new(NULL);
        log_set_sink(take_message, f->log);
}

static void tear_down(Fixture *f, const void *data) {
        log_set_sink(NULL, NULL);
        g_assert_cmpint(remove_tree_at(AT_FDCWD, f->top), ==, 0);
        (void) close(f->fd);
        g_free(f->top);
        g_string_free(f->log, TRUE);
}

static void write_etc(const Fixture *f, const char *name, const char *text) {
        _cleanup_free_ char *path = g_strdup_printf("%s/etc/%s", f->top, name);

        g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static int look_up(const Fixture *f, const char *user, const char *group_name, ContainerUser *ret) {
        const RootfsUserQuery query = {
                .name = "f",
                .root_fd = f->fd,
                .root = "/r",
                .user = user,
                .group = group_name,
        };

        return rootfs_user_lookup(&query, ret);
}

static void test_found(Fixture *f, const void *data) {
        static const struct {
                const char *user, *group;
                uint32_t uid, gid;
                const char *home, *groups;
        } cases[] = {
                { "root", NULL, 0, 0, "/root", "" },
                { "www", NULL, 33, 34, "/var/www", "44 46 " },
                { "33", NULL, 33, 34, "/var/www", "44 46 " },
                { "www", "extra", 33, 44, "/var/www", "" }, /* a group that is asked for is the only one */
                { "www", "7", 33, 7, "/var/www", "" },
                { "1000", NULL, 1000, 0, NULL, "" },
                { "1000", "www", 1000, 34, NULL, "" },
                { "nohome", NULL, 40, 40, NULL, "" },
                { "12", NULL, 12, 0, NULL, "" }, /* a number is a number, not the name that looks like one */
                { "last", NULL, 50, 50, "/", "" },
        };

        write_etc(f, "passwd", passwd);
        write_etc(f, "group", group);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(container_user_done) ContainerUser user = { 0 };
                _cleanup_string_ GString *groups = g_string_new(NULL);

                g_assert_cmpint(look_up(f, cases[i].user, cases[i].group, &user), ==, 0);
                for (size_t k = 0; k < user.n_groups; k++)
                        g_string_append_printf(groups, "%u ", user.groups[k]);
                g_assert_cmpuint(user.uid, ==, cases[i].uid);
                g_assert_cmpuint(user.gid, ==, cases[i].gid);
                g_assert_cmpstr(user.home, ==, cases[i].home);
                g_assert_cmpstr(groups->str, ==, cases[i].groups);
        }
        g_assert_cmpstr(f->log->str, ==, "");
}

static void test_not_found(Fixture *f, const void *data) {
        static const struct {
                const char *user, *group, *message;
        } cases[] = {
                { "nobody", NULL, "f: User=nobody: no such name in '/r/etc/passwd'\n" },
                { "short", NULL, "f: User=short: no such name in '/r/etc/passwd'\n" },
                { "text", NULL, "f: User=text: no such name in '/r/etc/passwd'\n" },
                { "root", "nogroup", "f: Group=nogroup: no such name in '/r/etc/group'\n" },
                { "root", "bad", "f: Group=bad: no such name in '/r/etc/group'\n" },
        };

        write_etc(f, "passwd", passwd);
        write_etc(f, "group", group);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ContainerUser user = { 0 };

                g_string_truncate(f->log, 0);
                g_assert_cmpint(look_up(f, cases[i].user, cases[i].group, &user), ==, -ESRCH);
                g_assert_cmpstr(f->log->str, ==, cases[i].message);
        }
}

static void test_no_files(Fixture *f, const void *data) {
        _cleanup_(container_user_done) ContainerUser user = { 0 };

        g_assert_cmpint(look_up(f, "0", NULL, &user), ==, 0);
        g_assert_cmpuint(user.uid, ==, 0);
        g_assert_cmpint(look_up(f, "root", NULL, &user), ==, -ESRCH);
}

/* A link that leads out of the tree means the file of that name in the tree, and that is none. */
static void test_link_out(Fixture *f, const void *data) {
        _cleanup_free_ char *outside = g_strdup_printf("%s-outside", f->top),
                            *relative = g_strdup_printf("../../%s", strrchr(outside, '/') + 1),
                            *path = g_strdup_printf("%s/etc/passwd", f->top);
        const char *targets[] = { outside, relative, "/proc/self/root/etc/passwd" };
        ContainerUser user = { 0 };

        g_assert_true(g_file_set_contents(outside, passwd, -1, NULL));
        for (size_t i = 0; i < ELEMENTSOF(targets); i++) {
                _cleanup_free_ char *text = NULL;

                g_assert_cmpint(symlink(targets[i], path), ==, 0);
                g_assert_true(g_file_get_contents(path, &text, NULL, NULL)); /* by name it would be found */
                g_assert_cmpint(look_up(f, "root", NULL, &user), ==, -ESRCH);
                g_assert_cmpint(unlink(path), ==, 0);
        }
        g_assert_cmpint(unlink(outside), ==, 0);
}

/* Neither waits for a writer nor reads a device. */
static void test_no_file(Fixture *f, const void *data) {
        _cleanup_free_ char *path = g_strdup_printf("%s/etc/passwd", f->top);
        ContainerUser user = { 0 };

        g_assert_cmpint(mkfifo(path, 0600), ==, 0);
        g_assert_cmpint(look_up(f, "root", NULL, &user), ==, -EINVAL);
        g_assert_cmpstr(f->log->str, ==, "f: '/r/etc/passwd' is not a regular file\n");
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/rootfs-user/found", Fixture, NULL, set_up, test_found, tear_down);
        g_test_add("/rootfs-user/not-found", Fixture, NULL, set_up, test_not_found, tear_down);
        g_test_add("/rootfs-user/no-files", Fixture, NULL, set_up, test_no_files, tear_down);
        g_test_add("/rootfs-user/link-out", Fixture, NULL, set_up, test_link_out, tear_down);
        g_test_add("/rootfs-user/no-file", Fixture, NULL, set_up, test_no_file, tear_down);
        return g_test_run();
}
