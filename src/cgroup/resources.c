/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns writing limits as text. What a value means is the caller's and the kernel's business. */

#include "cgroup/resources.h"

#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "cgroup/cgroup.h"
#include "cgroup/make.h"

static int fail_missing(int cgroup_fd, const char *file) {
        _cleanup_free_ char *controllers = NULL;
        int r;

        r = read_file_at(cgroup_fd, "cgroup.controllers", &controllers, NULL);
        if (r < 0)
                return log_error_errno(r, "Failed to write cgroup file '%s': the cgroup is gone: %m", file);
        g_strchomp(controllers);
        return log_error_errno(
                        -ENOENT,
                        "Failed to write cgroup file '%s': there is none; controllers available here: %s",
                        file, isempty(controllers) ? "none" : controllers);
}

static int write_setting(int cgroup_fd, const char *setting) {
        const char *equals = strchr(setting, '=');
        _cleanup_free_ char *file = NULL;
        bool optional = setting[0] == '-';
        int r;

        if (!equals)
                return log_error_errno(
                                -EINVAL, "'%s' is not a cgroup setting: expected FILE=VALUE", setting);
        setting += optional;
        file = g_strndup(setting, equals - setting);
        if (isempty(file) || strchr(file, '/') || file[0] == '.')
                return log_error_errno(-EINVAL, "'%s' is not the name of a cgroup file", file);
        r = write_string_at(cgroup_fd, file, equals + 1);
        if (r == -ENOENT)
                return optional ? 0 : fail_missing(cgroup_fd, file);
        if (r < 0)
                return log_error_errno(r, "Failed to write '%s' to cgroup file '%s': %m", equals + 1, file);
        return 0;
}

static bool any_is_missing(int cgroup_fd, const char *const *settings) {
        for (; settings && *settings; settings++) {
                const char *setting = *settings + (**settings == '-');
                _cleanup_free_ char *file = g_strndup(setting, strcspn(setting, "=/"));

                if (*file && faccessat(cgroup_fd, file, F_OK, 0) < 0)
                        return true;
        }
        return false;
}

int cgroup_reach_settings(int cgroup_fd, const char *path, const char *const *settings) {
        _cleanup_close_ int root_fd = -EBADF, fd = -EBADF;

        if (!any_is_missing(cgroup_fd, settings))
                return 0;
        root_fd = cgroup_open_root();
        if (root_fd < 0)
                return log_error_errno(root_fd, "Failed to open the unified cgroup hierarchy: %m");
        fd = cgroup_make(root_fd, path);
        return fd < 0 ? fd : 0;
}

int cgroup_write_settings(int cgroup_fd, const char *const *settings) {
        for (; settings && *settings; settings++) {
                int r = write_setting(cgroup_fd, *settings);

                if (r < 0)
                        return r;
        }
        return 0;
}
