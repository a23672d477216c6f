/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A root file system to try the sandbox on: a tmpfs in a mount namespace of the test's own, gone with the
 * process. */

#include <fcntl.h>
#include <glib.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/cleanup.h"

/* Leaves the host's mount namespace. false: the test has been skipped. Call in the child of test_in_child()
 * only. */
static inline bool sandbox_root_enter(char **ret_path, int *ret_fd) {
        char template[] = "/tmp/berth-test-XXXXXX";

        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return false;
        /* The directory is made on a tmpfs over /tmp, so that nothing stays behind. */
        if (mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777") < 0)
                return false;

        g_assert_nonnull(g_mkdtemp(template));
        g_assert_cmpint(mount("tmpfs", template, "tmpfs", 0, "mode=0755"), ==, 0);
        *ret_fd = open(template, O_PATH | O_DIRECTORY | O_CLOEXEC);
        g_assert_cmpint(*ret_fd, >=, 0);
        *ret_path = g_strdup(template);
        return true;
}

/* Runs a function in a process of its own, where it may change whatever it likes. Failed assertions abort
 * the child. */
static inline void test_in_child(void (*function)(const void *), const void *data) {
        int status;
        pid_t pid;

        (void) fflush(NULL);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                function(data);
                _exit(0);
        }

        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

/* Whether this process may make mounts and nodes; says why not as the test's skip reason. */
static inline bool test_needs_root(void) {
        if (geteuid() == 0)
                return true;
        g_test_skip("needs root: mounts, device nodes, other users");
        return false;
}

#define assert_ok(r) g_assert_cmpint((r), >=, 0)
