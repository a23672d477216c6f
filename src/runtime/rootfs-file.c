/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns how a file of a foreign tree is opened. */

#include "runtime/rootfs-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "basic/cleanup.h"
#include "basic/fd-util.h"
#include "basic/fs-util.h"
#include "basic/macro.h"

int rootfs_file_read(int root_fd, const char *path, char **ret) {
        _cleanup_close_ int fd = open_in_root(root_fd, path, O_PATH), data_fd = -EBADF;
        struct stat st;

        if (fd < 0)
                return fd;
        /* Only then it is opened for good: to open a device already does something. */
        if (fstat(fd, &st) < 0)
                return negative_errno();
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        data_fd = open(fd_path(fd).path, O_RDONLY | O_CLOEXEC);
        return data_fd < 0 ? negative_errno() : read_fd(data_fd, ret, NULL);
}
