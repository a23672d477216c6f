/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the making and removing of cgroup directories. */

#include "cgroup/make.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "cgroup/cgroup.h"

bool cgroup_path_is_valid(const char *path) {
        _cleanup_strv_ char **names = NULL;
        bool any = false;

        if (path[0] != '/')
                return false;
        names = g_strsplit(path, "/", -1);
        for (char **name = names; *name; name++) {
                if (streq(*name, ".") || streq(*name, ".."))
                        return false;
                any |= **name != '\0';
        }
        return any;
}

/* The first n characters of path that end with a component: 0 is the root. Returns the length with the next
 * component, or 0 at the end. */
static size_t next_component(const char *path, size_t n) {
        size_t slashes = strspn(path + n, "/"), name = strcspn(path + n + slashes, "/");

        return name > 0 ? n + slashes + name : 0;
}

int cgroup_first_missing(int root_fd, const char *path, char **ret) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        for (size_t n = next_component(path, 0); n > 0; n = next_component(path, n)) {
                _cleanup_free_ char *prefix = g_strndup(path, n);

                closep(&fd);
                fd = open_beneath(root_fd, prefix, O_RDONLY | O_DIRECTORY);
                if (fd == -ENOENT) {
                        *ret = TAKE_PTR(prefix);
                        return 0;
                }
                if (fd < 0)
                        return fd;
        }
        r = cgroup_is_populated(fd);
        if (r != 0)
                return r < 0 ? r : -EBUSY;
        *ret = NULL;
        return 0;
}

/* One write for all is the usual case; one for each lets in those that can be had. */
static void enable_controllers(int fd, const char *path) {
        _cleanup_free_ char *available = NULL, *all = NULL, *joined = NULL;
        _cleanup_strv_ char **names = NULL;
        int r;

        r = read_file_at(fd, "cgroup.controllers", &available, NULL);
        if (r < 0 || isempty(g_strstrip(available)))
                return;
        names = g_strsplit(available, " ", -1);
        joined = g_strjoinv(" +", names);
        all = g_strdup_printf("+%s", joined);
        r = write_string_at(fd, "cgroup.subtree_control", all);
        /* There are processes. It could have the controllers of threads, but then those below could have
         * none of the others, nor processes. */
        if (r >= 0 || r == -EBUSY)
                return;
        for (char **name = names; *name; name++) {
                _cleanup_free_ char *word = g_strdup_printf("+%s", *name);

                r = write_string_at(fd, "cgroup.subtree_control", word);
                if (r < 0)
                        log_debug_errno(r, "Failed to enable controller '%s' below '%s': %m", *name, path);
        }
}

static int enter_or_make(int parent_fd, const char *name) {
        int fd;

        if (mkdirat(parent_fd, name, 0755) < 0 && errno != EEXIST)
                return negative_errno();
        fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? negative_errno() : fd;
}

static int make_path(int root_fd, const char *path, bool enable) {
        _cleanup_close_ int fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
        size_t n = 0, next;

        if (fd < 0)
                return log_error_errno(negative_errno(), "Failed to open the root of the cgroups: %m");
        while ((next = next_component(path, n)) > 0) {
                _cleanup_free_ char *above = g_strndup(path, n), *name = NULL;
                int child_fd;

                if (enable)
                        enable_controllers(fd, n > 0 ? above : "/");
                n += strspn(path + n, "/");
                name = g_strndup(path + n, next - n);
                child_fd = enter_or_make(fd, name);
                if (child_fd < 0)
                        return log_error_errno(
                                        child_fd, "Failed to make the cgroup '%.*s': %m", (int) next, path);
                closep(&fd);
                fd = child_fd;
                n = next;
        }
        return TAKE_FD(fd);
}

int cgroup_make(int root_fd, const char *path) {
        return make_path(root_fd, path, /* enable= */ true);
}

int cgroup_move_below(int cgroup_fd, const char *path, pid_t pid) {
        _cleanup_free_ char *text = g_strdup_printf("%d", (int) pid);
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = make_path(cgroup_fd, path, /* enable= */ false);
        if (fd < 0)
                return fd;
        r = write_string_at(fd, "cgroup.procs", text);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to move process %d into the cgroup '%s': %m", (int) pid, path);
        closep(&fd);
        fd = -EBADF;
        return make_path(cgroup_fd, path, /* enable= */ true);
}

/* A cgroup's files go with it, so only directories need removing. */
static int remove_below(int fd) {
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;
        int found;

        found = directory_open_at(fd, ".", &dir);
        if (found < 0)
                return found == -ENOENT ? 0 : found;
        while ((entry = readdir(dir))) {
                _cleanup_close_ int child_fd = -EBADF;
                int r;

                if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
                        continue;
                child_fd = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                r = child_fd < 0 ? negative_errno() : remove_below(child_fd);
                if (r >= 0 && unlinkat(fd, entry->d_name, AT_REMOVEDIR) < 0)
                        r = negative_errno();
                if (r < 0 && r != -ENOENT)
                        return r;
        }
        return 0;
}

static int remove_directory(int root_fd, const char *path) {
        _cleanup_free_ char *dir = g_path_get_dirname(path), *base = g_path_get_basename(path);
        _cleanup_close_ int parent_fd = -EBADF;

        parent_fd = open_beneath(root_fd, dir, O_RDONLY | O_DIRECTORY);
        if (parent_fd < 0)
                return parent_fd == -ENOENT ? 0 : parent_fd;
        if (unlinkat(parent_fd, base, AT_REMOVEDIR) < 0 && errno != ENOENT)
                return negative_errno();
        return 0;
}

/* A parent that others use by now, or that is gone, ends it. */
static void remove_parents(int root_fd, const char *path, const char *from) {
        _cleanup_free_ char *dir = g_strdup(path);

        while (strlen(dir) > strlen(from)) {
                char *parent = g_path_get_dirname(dir);

                g_free(dir);
                dir = parent;
                if (remove_directory(root_fd, dir) < 0)
                        return;
        }
}

int cgroup_remove(int root_fd, const char *path, const char *from, int timeout_ms) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!from)
                return 0;
        fd = open_beneath(root_fd, path, O_RDONLY | O_DIRECTORY);
        r = fd == -ENOENT ? 0 : fd;
        if (fd >= 0) {
                r = cgroup_wait_empty(fd, timeout_ms);
                if (r >= 0)
                        r = remove_below(fd);
                if (r >= 0)
                        r = remove_directory(root_fd, path);
        }
        if (r < 0)
                return log_error_errno(
                                r == -ETIMEDOUT ? -EBUSY : r, "Failed to remove the cgroup '%s': %m", path);
        remove_parents(root_fd, path, from);
        return 0;
}
