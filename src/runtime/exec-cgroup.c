/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what --cgroup may name. The directories are the container's to make and to move, so they are opened
 * beneath its cgroup, step by step, by the kernel. */

#include "runtime/exec-cgroup.h"

#include <fcntl.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "cgroup/cgroup.h"
#include "runtime/subgroup.h"

static int open_of_init(const State *state, pid_t init, char **ret_path) {
        _cleanup_free_ char *path = NULL;
        int r, fd;

        r = pid_cgroup(init, &path);
        if (r < 0)
                return log_error_errno(r, "Failed to find the cgroup of container '%s': %m", state->id);
        fd = cgroup_open(path);
        if (fd < 0)
                return log_error_errno(fd, "Failed to open the cgroup '%s': %m", path);
        *ret_path = TAKE_PTR(path);
        return fd;
}

static bool has_parent_step(const char *path) {
        _cleanup_strv_ char **steps = g_strsplit(path, "/", -1);

        for (char **step = steps; *step; step++)
                if (streq(*step, ".."))
                        return true;
        return false;
}

/* "[CONTROLLER[,CONTROLLER]:]PATH": controllers are for cgroup v1, where each has a hierarchy. */
static int parse_word(char **words, const char **ret) {
        const char *word = words[0], *colon = strchr(word, ':');

        if (words[1])
                return log_error_errno(
                                -EINVAL,
                                "invalid --cgroup argument: %s: cgroup v2 has one hierarchy, so one path",
                                words[1]);
        if (colon && colon != word)
                return log_error_errno(
                                -EINVAL,
                                "invalid --cgroup argument: %s: unknown controller, cgroup v2 has one "
                                "hierarchy for all",
                                word);
        word += colon ? 1 : 0;
        if (strchr(word, ':'))
                return log_error_errno(-EINVAL, "invalid --cgroup argument: %s", words[0]);
        if (has_parent_step(word))
                return log_error_errno(
                                -EINVAL, "invalid --cgroup argument: %s is not a sub cgroup path", words[0]);
        word += strspn(word, "/");
        *ret = *word ? word : ".";
        return 0;
}

static int open_below(const State *state, char **words, char **ret_path) {
        _cleanup_free_ char *base = subgroup_path(state);
        _cleanup_close_ int base_fd = -EBADF;
        const char *path;
        int r, fd;

        r = parse_word(words, &path);
        if (r < 0)
                return r;
        base_fd = cgroup_open(base);
        if (base_fd < 0)
                return log_error_errno(base_fd, "Failed to open the cgroup '%s': %m", base);
        fd = open_beneath(base_fd, path, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return log_error_errno(fd, "Failed to open the cgroup '%s' below '%s': %m", path, base);
        *ret_path = streq(path, ".") ? g_strdup(base) : g_build_filename(base, path, NULL);
        return fd;
}

int exec_cgroup_open(const State *state, pid_t init, char **words, int *ret_fd, char **ret_path) {
        int fd;

        if (!state->cgroup && words)
                return log_error_errno(
                                -EOPNOTSUPP, "--cgroup: container '%s' has no cgroup of its own", state->id);
        if (!state->cgroup) {
                *ret_fd = -EBADF;
                *ret_path = NULL;
                return 0;
        }
        fd = words ? open_below(state, words, ret_path) : open_of_init(state, init, ret_path);
        if (fd < 0)
                return fd;
        *ret_fd = fd;
        return 0;
}
