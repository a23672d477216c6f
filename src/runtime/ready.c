/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the file "ready". It is one of its own and not a line of the state, because whoever writes that has
 * to have read it, and notifications come at any time. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/ready.h"

#include "basic/cleanup.h"
#include "runtime/state.h"
#include "runtime/timestamp.h"

#define READY_FILE "ready"

int ready_record(const char *root, const char *id) {
        _cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;

        dir_fd = state_open_directory(root, id);
        if (dir_fd < 0)
                return dir_fd;
        fd = openat(dir_fd, READY_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        return fd < 0 && errno != EEXIST ? negative_errno() : 0;
}

char *ready_time(const char *root, const char *id) {
        _cleanup_close_ int dir_fd = -EBADF;
        struct stat st;

        dir_fd = state_open_directory(root, id);
        if (dir_fd < 0 || fstatat(dir_fd, READY_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return NULL;
        return timestamp_format(&st.st_mtim);
}
