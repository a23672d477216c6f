/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns what happens in the resctrl tree. Must not decide who removes a group, and when: see owner.c and the
 * runtime. */

#include "resctrl/group.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/message-id.h"
#include "resctrl/check.h"
#include "resctrl/mount.h"

static char *monitor_path(const char *group, const char *id) {
        _cleanup_free_ char *dir = resctrl_group_file(group, "mon_groups");

        return g_strdup_printf("%s/%s", dir, id);
}

/* What the kernel says about the last failure, in parentheses and ready to be appended to a message; "" when
 * it is silent. */
static char *kernel_reason(int root_fd) {
        _cleanup_string_ GString *reason = g_string_new(NULL);
        _cleanup_strv_ char **lines = NULL;
        _cleanup_free_ char *text = NULL;

        if (read_file_at(root_fd, "info/last_cmd_status", &text, /* ret_size= */ NULL) < 0)
                return g_strdup("");

        /* A failed mkdir() adds its line to those of the failures before it, often the same. */
        lines = g_strsplit(g_strstrip(text), "\n", -1);
        for (guint i = 0; lines[i]; i++)
                if (i == 0 || !streq(lines[i], lines[i - 1]))
                        g_string_append_printf(reason, "%s%s", i > 0 ? ", " : "", lines[i]);
        return isempty(reason->str) || streq(reason->str, "ok")
                        ? g_strdup("")
                        : g_strdup_printf(" (the kernel says: %s)", reason->str);
}

static int open_root(const char *root, int *ret_fd) {
        int r;

        r = resctrl_open(root, ret_fd, /* ret_path= */ NULL);
        if (r == -ENODEV)
                return log_error_errno(
                                r,
                                "intelRdt is specified in config, but the resctrl file system is not "
                                "mounted "
                                "(expected at /sys/fs/resctrl)");
        if (r < 0)
                return log_error_errno(r, "Failed to open the resctrl file system: %m");
        return 0;
}

static int open_root_locked(const char *root, int *ret_fd) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = open_root(root, &fd);
        if (r < 0)
                return r;
        if (flock(fd, LOCK_EX) < 0)
                return log_error_errno(negative_errno(), "Failed to lock the resctrl file system: %m");

        *ret_fd = TAKE_FD(fd);
        return 0;
}

int resctrl_check(const char *root, const ResctrlConfig *config, const char *id) {
        _cleanup_ptr_array_ GPtrArray *lines = resctrl_config_lines(config);
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        r = open_root(root, &root_fd);
        if (r < 0)
                return r;
        return resctrl_check_at(root_fd, config, id, lines);
}

/* How many groups the machine has room for, for a message: the resource with the fewest decides. Caller
 * frees. */
static char *describe_limit(int root_fd) {
        static const char *const files[] = {
                "info/L3/num_closids", "info/L3CODE/num_closids", "info/L2/num_closids",
                "info/MB/num_closids", "info/SMBA/num_closids",   "info/L3_MON/num_rmids",
        };
        _cleanup_string_ GString *text = g_string_new(NULL);

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_free_ char *value = NULL;

                if (read_file_at(root_fd, files[i], &value, /* ret_size= */ NULL) >= 0)
                        g_string_append_printf(text, ", %s is %s", files[i], g_strstrip(value));
        }
        return g_string_free(TAKE_PTR(text), FALSE);
}

/* Makes a directory, which is a group or a monitoring group. Returns 1 if it was made, 0 if it is there
 * already. */
static int make_group(int root_fd, const char *path) {
        _cleanup_free_ char *reason = NULL;
        _cleanup_free_ char *limit = NULL;
        int r;

        if (mkdirat(root_fd, path, 0755) >= 0)
                return 1;
        r = negative_errno();
        if (r == -EEXIST)
                return 0;

        reason = kernel_reason(root_fd);
        limit = r == -ENOSPC ? describe_limit(root_fd) : g_strdup("");
        return log_error_errno_id(
                        r, MESSAGE_RESCTRL_GROUP, "Failed to make the resctrl group '%s': %m%s%s", path,
                        reason, limit);
}

/* One write: the kernel parses all lines before it applies the first. */
static int write_schemata(int root_fd, const char *group, GPtrArray *lines) {
        _cleanup_free_ char *path = resctrl_group_file(group, "schemata");
        _cleanup_string_ GString *text = g_string_new(NULL);
        _cleanup_free_ char *reason = NULL;
        int r;

        for (guint i = 0; i < lines->len; i++)
                g_string_append_printf(text, "%s\n", (char *) lines->pdata[i]);
        r = write_string_at(root_fd, path, text->str);
        if (r >= 0)
                return 0;

        reason = kernel_reason(root_fd);
        g_strdelimit(g_strchomp(text->str), "\n", ' ');
        return log_error_errno_id(
                        r, MESSAGE_RESCTRL_GROUP,
                        "Failed to write the schemata '%s' of resctrl group '%s': %m%s", text->str, group,
                        reason);
}

static int fill_group(int root_fd, const ResctrlConfig *config, const char *id, GPtrArray *lines) {
        const char *group = resctrl_config_group(config, id);
        _cleanup_free_ char *monitor = NULL;
        int r;

        if (lines->len > 0) {
                r = write_schemata(root_fd, group, lines);
                if (r < 0)
                        return r;
        }
        if (!config->enable_monitoring)
                return 0;

        /* Last, so that there is nothing to undo in a group that is not ours. */
        monitor = monitor_path(group, id);
        r = make_group(root_fd, monitor);
        return r < 0 ? r : 0;
}

int resctrl_group_ensure(const char *root, const ResctrlConfig *config, const char *id, bool *ret_created) {
        const char *group = resctrl_config_group(config, id);
        _cleanup_ptr_array_ GPtrArray *lines = resctrl_config_lines(config);
        _cleanup_close_ int root_fd = -EBADF;
        bool created = false;
        int r;

        r = open_root_locked(root, &root_fd);
        if (r < 0)
                return r;
        r = resctrl_check_at(root_fd, config, id, lines);
        if (r < 0)
                return r;

        if (!resctrl_group_exists_at(root_fd, group)) {
                r = make_group(root_fd, group);
                if (r < 0)
                        return r;
                created = r > 0;
        } else if (!isempty(config->clos_id))
                g_ptr_array_set_size(lines, 0); /* they are in force: resctrl_check_at() has compared them */

        r = fill_group(root_fd, config, id, lines);
        if (r < 0) {
                if (created)
                        (void) unlinkat(root_fd, group, AT_REMOVEDIR);
                return r;
        }

        if (ret_created)
                *ret_created = created;
        return 0;
}

int resctrl_group_change(const char *root, const ResctrlConfig *config, const char *id) {
        const char *group = resctrl_config_group(config, id);
        _cleanup_ptr_array_ GPtrArray *lines = resctrl_config_lines(config);
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        r = resctrl_config_validate(config, id);
        if (r >= 0)
                r = open_root_locked(root, &root_fd);
        if (r >= 0)
                r = resctrl_check_lines_at(root_fd, lines);
        if (r < 0)
                return r;
        if (!resctrl_group_exists_at(root_fd, group))
                return log_error_errno(-ENOENT, "The resctrl group '%s' does not exist", group);
        return write_schemata(root_fd, group, lines);
}

bool resctrl_has_resource(const char *root, const char *resource) {
        _cleanup_close_ int root_fd = -EBADF;

        if (resctrl_open(root, &root_fd, /* ret_path= */ NULL) < 0)
                return false;
        return resctrl_has_resource_at(root_fd, resource);
}

static int write_task(int root_fd, const char *group, pid_t pid) {
        _cleanup_free_ char *path = resctrl_group_file(group, "tasks");
        _cleanup_free_ char *text = g_strdup_printf("%d", pid);
        _cleanup_free_ char *reason = NULL;
        int r;

        r = write_string_at(root_fd, path, text);
        if (r >= 0)
                return 0;

        reason = kernel_reason(root_fd);
        return log_error_errno(
                        r, "Failed to move process %d into the resctrl group '%s': %m%s", pid, group,
                        reason);
}

int resctrl_group_add_pid(const char *root, const char *group, const char *monitor, pid_t pid) {
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        r = open_root(root, &root_fd);
        if (r < 0)
                return r;
        r = write_task(root_fd, group, pid);
        if (r < 0)
                return r;

        /* The group first: changing it puts a process into the group's default for monitoring. */
        if (monitor) {
                _cleanup_free_ char *path = monitor_path(group, monitor);

                return write_task(root_fd, path, pid);
        }
        return 0;
}

bool resctrl_group_exists(const char *root, const char *group) {
        _cleanup_close_ int root_fd = -EBADF;

        if (resctrl_open(root, &root_fd, /* ret_path= */ NULL) < 0)
                return false;
        return resctrl_group_exists_at(root_fd, group);
}

static int remove_group(const char *root, const char *path) {
        _cleanup_close_ int root_fd = -EBADF;
        _cleanup_free_ char *reason = NULL;
        int r;

        /* Groups end with the file system: unmounted means that there is nothing to remove. */
        r = resctrl_open(root, &root_fd, /* ret_path= */ NULL);
        if (r == -ENODEV || r == -ENOENT)
                return 0;
        if (r < 0)
                return log_error_errno(r, "Failed to open the resctrl file system: %m");
        if (flock(root_fd, LOCK_EX) < 0)
                return log_error_errno(negative_errno(), "Failed to lock the resctrl file system: %m");

        if (unlinkat(root_fd, path, AT_REMOVEDIR) >= 0 || errno == ENOENT)
                return 0;
        r = negative_errno();
        reason = kernel_reason(root_fd);
        return log_error_errno(r, "Failed to remove the resctrl group '%s': %m%s", path, reason);
}

int resctrl_group_remove(const char *root, const char *group) {
        return streq(group, "/") ? 0 : remove_group(root, group);
}

int resctrl_monitor_remove(const char *root, const char *group, const char *id) {
        _cleanup_free_ char *path = monitor_path(group, id);

        return remove_group(root, path);
}
