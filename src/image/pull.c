/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the command line of skopeo, and the lock of the layout that it writes. */

#include "image/pull.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"

/* It replaces index.json as a whole: of two at the same time one would be lost. */
static int lock_store(const char *store) {
        _cleanup_free_ char *path = g_build_filename(store, "lock", NULL);
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = make_directories(store, 0700);
        if (r < 0)
                return log_error_errno(r, "Failed to make directory '%s': %m", store);
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 || flock(fd, LOCK_EX) < 0)
                return log_error_errno(negative_errno(), "Failed to lock '%s': %m", path);
        return TAKE_FD(fd);
}

static char **skopeo_command(const ImagePull *pull) {
        g_autoptr(GStrvBuilder) words = g_strv_builder_new();
        _cleanup_free_ char *source = pull->source ? g_strdup(pull->source)
                                                   : g_strdup_printf("docker://%s", pull->name),
                            *destination = g_strdup_printf("oci:%s:%s", pull->store, pull->name);

        g_strv_builder_add_many(words, "skopeo", "copy", NULL);
        if (pull->quiet)
                g_strv_builder_add(words, "--quiet");
        if (pull->authfile)
                g_strv_builder_add_many(words, "--authfile", pull->authfile, NULL);
        if (pull->without_tls)
                g_strv_builder_add(words, "--src-tls-verify=false");
        g_strv_builder_add_many(words, source, destination, NULL);
        return g_strv_builder_end(words);
}

/* Its progress is for people: stdout is the caller's. */
static int spawn_skopeo(const ImagePull *pull, pid_t *ret) {
        _cleanup_strv_ char **command = skopeo_command(pull), **env = g_get_environ();
        posix_spawn_file_actions_t actions;
        int r;

        (void) posix_spawn_file_actions_init(&actions);
        (void) posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
        r = posix_spawnp(ret, command[0], &actions, NULL, command, env);
        (void) posix_spawn_file_actions_destroy(&actions);
        return r > 0 ? log_error_errno(r, "Failed to execute 'skopeo', which fetches images: %m") : 0;
}

int image_pull(const ImagePull *pull) {
        _cleanup_close_ int lock_fd = -EBADF;
        int status, r;
        pid_t pid;

        lock_fd = lock_store(pull->store);
        if (lock_fd < 0)
                return lock_fd;
        r = spawn_skopeo(pull, &pid);
        if (r < 0)
                return r;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return log_error_errno(negative_errno(), "Failed to wait for skopeo: %m");
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        return log_error_errno(-EIO, "Failed to pull image '%s': skopeo says why", pull->name);
}
