/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the change from the caller's identity to the payload's. Capabilities survive it here and are set in
 * capabilities.c. */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sandbox/identity.h"

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/parse-util.h"
#include "sandbox/proc-file.h"

#define DEFAULT_UMASK 0022

/* user_namespaces(7): "deny" in /proc/PID/setgroups. */
static bool setgroups_denied(int proc_fd) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int fd = -EBADF;
        size_t size;

        fd = proc_open_own(proc_fd, "setgroups", O_RDONLY);
        return fd >= 0 && read_fd(fd, &text, &size) >= 0 && startswith(text, "deny");
}

static int apply_groups(const SpecUser *user, int proc_fd) {
        int r;

        if (setgroups(user->n_additional_gids, user->additional_gids) >= 0)
                return 0;

        r = negative_errno();
        if (r == -EPERM && setgroups_denied(proc_fd)) {
                if (user->n_additional_gids == 0)
                        return 0;
                return log_error_errno(
                                r,
                                "Failed to set %zu additional groups: %m (the user namespace denies "
                                "setgroups)",
                                user->n_additional_gids);
        }
        return log_error_errno(r, "Failed to set %zu additional groups: %m", user->n_additional_gids);
}

bool identity_keeps_groups(const Spec *spec) {
        return spec_annotation(spec, "run.oci.keep_original_groups") != NULL;
}

static int id_error(const char *what, uint32_t id) {
        return log_error_errno(
                        negative_errno(), "Failed to become %s %u: %m%s", what, id,
                        errno == EINVAL ? "; the user namespace has no such id" : "");
}

int identity_apply(const SpecUser *user, bool keep_groups, int proc_fd) {
        int r;

        (void) umask(user->umask.set ? user->umask.value : DEFAULT_UMASK);

        r = keep_groups ? 0 : apply_groups(user, proc_fd);
        if (r < 0)
                return r;

        /* Otherwise leaving uid 0 clears the permitted set, of which the payload may keep some. */
        if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to keep capabilities over the change of user: %m");

        if (setresgid(user->gid, user->gid, user->gid) < 0)
                return id_error("group", user->gid);
        if (setresuid(user->uid, user->uid, user->uid) < 0)
                return id_error("user", user->uid);

        if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
                return log_error_errno(negative_errno(), "Failed to reset the keeping of capabilities: %m");
        return 0;
}

static bool is_dev_null(const struct stat *st) {
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

static int open_dev_null(int root_fd) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        fd = open_in_root(root_fd, "/dev/null", O_PATH | O_NOFOLLOW);
        if (fd < 0 || fstat(fd, &st) < 0 || !is_dev_null(&st))
                return -ENODEV; /* Opening something else could have effects. */
        (void) close(TAKE_FD(fd));
        fd = open_in_root(root_fd, "/dev/null", O_RDWR | O_NOFOLLOW);
        if (fd < 0 || fstat(fd, &st) < 0 || !is_dev_null(&st))
                return -ENODEV;
        return TAKE_FD(fd);
}

void identity_replace_dev_null(int root_fd) {
        _cleanup_close_ int own = -EBADF;

        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
                struct stat st;

                if (fstat(fd, &st) < 0 || !is_dev_null(&st))
                        continue;
                if (own < 0)
                        own = open_dev_null(root_fd);
                if (own < 0)
                        return; /* A container without one keeps the host's. */
                (void) dup2(own, fd);
        }
}

int identity_chown_stdio(uid_t uid) {
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
                struct stat st;

                if (fstat(fd, &st) < 0)
                        return log_error_errno(negative_errno(), "Failed to look at descriptor %d: %m", fd);
                if (st.st_uid == uid || is_dev_null(&st))
                        continue;
                if (fchown(fd, uid, -1) < 0 && errno != EPERM && errno != EINVAL && errno != EROFS)
                        return log_error_errno(
                                        negative_errno(), "Failed to give descriptor %d to user %u: %m", fd,
                                        uid);
        }
        return 0;
}

/* ---- home directory ---- */

static int read_passwd(int root_fd, char **ret) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        size_t size;

        /* Whatever the image put there must not make us wait. */
        fd = open_in_root(root_fd, "/etc/passwd", O_RDONLY | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return negative_errno();
        if (!S_ISREG(st.st_mode))
                return -EBADMSG;
        return read_fd(fd, ret, &size);
}

/* passwd(5): name:password:uid:gid:comment:home:shell */
static bool passwd_line_home(const char *line, uid_t uid, char **ret) {
        _cleanup_strv_ char **fields = g_strsplit(line, ":", 7);
        uint32_t id;

        if (g_strv_length(fields) < 6 || parse_uint32(fields[2], &id) < 0 || id != uid ||
            fields[5][0] != '/')
                return false;
        *ret = g_strdup(fields[5]);
        return true;
}

char *identity_home(int root_fd, uid_t uid) {
        _cleanup_free_ char *text = NULL;
        _cleanup_strv_ char **lines = NULL;
        char *home;

        if (read_passwd(root_fd, &text) < 0)
                return g_strdup("/");

        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
                if (passwd_line_home(*line, uid, &home))
                        return home;
        return g_strdup("/");
}
