/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns writing to /proc/sys. */

#include <fcntl.h>
#include <unistd.h>

#include "sandbox/sysctl.h"

#include "basic/fs-util.h"
#include "basic/log.h"

static bool path_is_plain(const char *path) {
        _cleanup_strv_ char **parts = g_strsplit(path, "/", -1);

        for (char **part = parts; *part; part++)
                if (isempty(*part) || streq(*part, ".") || streq(*part, ".."))
                        return false;
        return !isempty(path);
}

int sysctl_path(const char *key, char **ret) {
        _cleanup_free_ char *path = g_strdup(key);
        char *separator = strpbrk(path, "./");

        if (separator && *separator == '.')
                for (char *c = path; *c; c++)
                        *c = *c == '.' ? '/' : *c == '/' ? '.' : *c;

        if (!path_is_plain(path))
                return -EINVAL;
        *ret = TAKE_PTR(path);
        return 0;
}

static int write_value(int proc_fd, const char *path, const char *value) {
        _cleanup_free_ char *below = g_strconcat("sys/", path, NULL);
        _cleanup_close_ int fd = -EBADF;

        fd = open_beneath(proc_fd, below, O_WRONLY);
        if (fd < 0)
                return fd;
        /* One write: the kernel takes a value as a whole. */
        return write(fd, value, strlen(value)) < 0 ? negative_errno() : 0;
}

int sysctl_apply(const SpecPairs *sysctl, int proc_fd) {
        for (size_t i = 0; i < sysctl->n; i++) {
                const SpecPair *pair = &sysctl->items[i];
                _cleanup_free_ char *path = NULL;
                int r;

                r = sysctl_path(pair->key, &path);
                if (r < 0)
                        return log_error_errno(r, "Invalid sysctl '%s'", pair->key);

                r = write_value(proc_fd, path, pair->value);
                if (r < 0)
                        return log_error_errno(
                                        r, "Failed to set sysctl '%s' to '%s': %m", pair->key, pair->value);
        }
        return 0;
}
