/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the directories of unpacked layers. */

#include "image/layer-store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "basic/digest.h"
#include "basic/fd-util.h"
#include "basic/fs-util.h"
#include "basic/log.h"

/* In one piece from the blob to tar. */
#define CHUNK_SIZE (256U * 1024U)

/* ---- tar ---- */

/* Files that stand for what is gone go to a tree of their own: in that of the layer, something else may have
 * taken the place of the directory that they are about, and a link would lead them elsewhere. */
static char *marks_transform(const char *marks) {
        return g_strdup_printf("--transform=flags=rh;s,^\\(.*/\\)\\?\\.wh\\.[^/]*$,%s/&,", marks);
}

/* A name that no archive can know. */
static char *marks_name(const char *directory) {
        return g_strdup_printf(".marks-%s", directory + strlen(directory) - STRLEN("XXXXXX"));
}

/* Owners and modes as in the archive, numbers only. Of extended attributes those that files have for
 * themselves: with trusted.* an image could give overlayfs orders. */
static char **tar_command(const char *directory, ImageCompression compression) {
        _cleanup_free_ char *marks = marks_name(directory), *transform = marks_transform(marks);
        g_autoptr(GStrvBuilder) words = g_strv_builder_new();

        g_strv_builder_add_many(
                        words, "tar", "--extract", "--file=-", "--numeric-owner", "--same-permissions",
                        "--delay-directory-restore", "--xattrs", "--xattrs-include=user.*",
                        "--xattrs-include=security.capability", "--warning=no-timestamp",
                        "--warning=no-unknown-keyword", NULL);
        g_strv_builder_add(words, geteuid() == 0 ? "--same-owner" : "--no-same-owner");
        if (compression == IMAGE_COMPRESSION_GZIP)
                g_strv_builder_add(words, "--gzip");
        if (compression == IMAGE_COMPRESSION_ZSTD)
                g_strv_builder_add(words, "--zstd");
        g_strv_builder_add_many(words, transform, "--directory", directory, NULL);
        return g_strv_builder_end(words);
}

static int spawn_tar(const char *directory, ImageCompression compression, int input, pid_t *ret) {
        _cleanup_strv_ char **command = tar_command(directory, compression), **env = g_get_environ();
        posix_spawn_file_actions_t actions;
        int r;

        env = g_environ_unsetenv(env, "TAR_OPTIONS");
        env = g_environ_setenv(env, "LC_ALL", "C", true);
        (void) posix_spawn_file_actions_init(&actions);
        (void) posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        r = posix_spawnp(ret, command[0], &actions, NULL, command, env);
        (void) posix_spawn_file_actions_destroy(&actions);
        return r > 0 ? log_error_errno(r, "Failed to execute 'tar', which unpacks images: %m") : 0;
}

/* Copies a blob and sums it up, to its end also when the reader does not want more (a tar archive may end
 * before its padding). */
static int feed(int blob_fd, int pipe_fd, GChecksum *sum) {
        _cleanup_free_ char *chunk = g_malloc(CHUNK_SIZE);
        bool wanted = true;

        for (;;) {
                ssize_t n = read(blob_fd, chunk, CHUNK_SIZE);
                int r;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? negative_errno() : 0;
                g_checksum_update(sum, (const unsigned char *) chunk, n);
                if (!wanted)
                        continue;
                r = fd_write_all(pipe_fd, chunk, (size_t) n);
                if (r < 0 && r != -EPIPE)
                        return r;
                wanted = r >= 0;
        }
}

/* Feeds a running tar, and waits for it. */
static int feed_and_wait(int blob_fd, int pipe_fd, pid_t pid, GChecksum *sum) {
        struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
        int r, status;

        (void) sigaction(SIGPIPE, &ignore, &before);
        r = feed(blob_fd, pipe_fd, sum);
        (void) sigaction(SIGPIPE, &before, NULL);
        (void) close(pipe_fd);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return negative_errno();
        if (r < 0)
                return r;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EBADMSG;
}

static int unpack(int blob_fd, const ImageLayer *layer, const char *directory) {
        g_autoptr(GChecksum) sum = digest_begin(layer->digest);
        int pipe_fds[2], r;
        pid_t pid;

        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                return log_error_errno(errno, "Failed to make a pipe: %m");
        r = spawn_tar(directory, layer->compression, pipe_fds[0], &pid);
        (void) close(pipe_fds[0]);
        if (r < 0) {
                (void) close(pipe_fds[1]);
                return r;
        }
        r = feed_and_wait(blob_fd, pipe_fds[1], pid, sum);
        if (r < 0 && r != -EBADMSG)
                return log_error_errno(r, "Failed to unpack layer %s: %m", layer->digest);
        if (!digest_matches(sum, layer->digest)) /* this says more than what tar made of it */
                return log_error_errno(
                                -EBADMSG, "Layer %s: its content is not what its name says", layer->digest);
        if (r < 0)
                return log_error_errno(r, "Failed to unpack layer %s: tar says why", layer->digest);
        return 0;
}

/* ---- directories ---- */

static int fill(const Image *image, const ImageLayer *layer, const char *directory) {
        _cleanup_free_ char *path = digest_path(layer->digest), *marks = marks_name(directory);
        _cleanup_close_ int blob_fd = -EBADF, dir_fd = -EBADF;
        int r;

        blob_fd = openat(image->blobs_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (blob_fd < 0)
                return log_error_errno(errno, "Failed to open '%s/blobs/%s': %m", image->layout, path);
        r = unpack(blob_fd, layer, directory);
        if (r < 0)
                return r;
        dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        r = dir_fd < 0 ? negative_errno() : layer_convert_whiteouts(dir_fd, marks, geteuid() != 0);
        return r < 0 ? log_error_errno(r, "Failed to prepare layer %s: %m", layer->digest) : 0;
}

/* Two may unpack the same layer at once; the first one's is kept. The new directory is on disk before it has
 * its name: after a crash there is no half of a layer. */
static int publish(const char *temporary, const char *path) {
        _cleanup_close_ int fd = open(temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 || syncfs(fd) < 0)
                return negative_errno();
        if (rename(temporary, path) < 0 && errno != EEXIST && errno != ENOTEMPTY)
                return negative_errno();
        return 0;
}

static int add_layer(const Image *image, const ImageLayer *layer, const char *path) {
        _cleanup_free_ char *temporary = g_strdup_printf("%s.XXXXXX", path);
        int r;

        if (!mkdtemp(temporary) || chmod(temporary, 0755) < 0)
                return log_error_errno(errno, "Failed to make directory '%s': %m", temporary);
        r = fill(image, layer, temporary);
        if (r >= 0) {
                r = publish(temporary, path);
                if (r < 0)
                        (void) log_error_errno(r, "Failed to make directory '%s': %m", path);
        }
        (void) remove_tree_at(AT_FDCWD, temporary);
        return r;
}

/* The store is nobody's but ours: there are programs in it that run with other rights. */
static int make_store(const char *store) {
        static const char *const directories[] = { "sha256", "sha512" };
        int r = make_directories(store, 0700);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(directories); i++) {
                _cleanup_free_ char *path = g_build_filename(store, directories[i], NULL);

                r = make_directories(path, 0700);
        }
        return r < 0 ? log_error_errno(r, "Failed to make directory '%s': %m", store) : 0;
}

int layer_store_add(const char *store, const Image *image, char ***ret) {
        g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
        int r = make_store(store);

        for (size_t i = 0; r >= 0 && i < image->n_layers; i++) {
                _cleanup_free_ char *name = digest_path(image->layers[i].digest),
                                    *path = g_build_filename(store, name, NULL);

                if (access(path, F_OK) < 0)
                        r = add_layer(image, image->layers + i, path);
                g_strv_builder_add(paths, path);
        }
        if (r < 0)
                return r;
        *ret = g_strv_builder_end(paths);
        return 0;
}
