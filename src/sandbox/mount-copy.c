/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns copies of secrets on their way from the host into a container. The parent reads, since init may have
 * no right to; init writes, since only it can give them to an id of its user namespace. */

#include "sandbox/mount-copy.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fd-util.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "sandbox/mount-attributes.h"
#include "sandbox/mount-make.h"

#define COPY_SIZE_MAX ((size_t) 16 << 20)

typedef struct CopiedFile {
        char *name;
        char *data;
        size_t size;
} CopiedFile;

struct MountCopy {
        GArray *files; /* of CopiedFile */
        size_t size;
};

void mount_copy_free(MountCopy *copy) {
        if (!copy)
                return;
        for (guint i = 0; i < copy->files->len; i++) {
                CopiedFile *file = &g_array_index(copy->files, CopiedFile, i);

                explicit_bzero(file->data, file->size);
                g_free(file->data);
                g_free(file->name);
        }
        g_array_unref(copy->files);
        g_free(copy);
}
DEFINE_CLEANUP(MountCopy *, mount_copy_free);

static int read_one(MountCopy *copy, int dir_fd, const char *name) {
        CopiedFile file = { 0 };
        struct stat st;
        int r;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return negative_errno();
        if (!S_ISREG(st.st_mode))
                return 0;
        r = read_file_at(dir_fd, name, &file.data, &file.size);
        if (r < 0)
                return r;
        file.name = g_strdup(name);
        g_array_append_val(copy->files, file);
        copy->size += file.size;
        return copy->size > COPY_SIZE_MAX ? -EFBIG : 0;
}

static int read_all(MountCopy *copy, const char *path) {
        _cleanup_closedir_ DIR *dir = opendir(path);

        if (!dir)
                return negative_errno();
        for (;;) {
                struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(dir);
                if (!entry)
                        return -errno;
                r = read_one(copy, dirfd(dir), entry->d_name);
                if (r < 0)
                        return r;
        }
}

int mount_copy_read(const SpecMount *m, MountCopy **ret) {
        _cleanup_(mount_copy_freep) MountCopy *copy = g_new0(MountCopy, 1);
        int r;

        copy->files = g_array_new(FALSE, FALSE, sizeof(CopiedFile));
        r = read_all(copy, m->source);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to copy the files of '%s', to be mounted on '%s': %m", m->source,
                                m->destination);
        *ret = TAKE_PTR(copy);
        return 0;
}

static int write_one(const CopiedFile *file, const SpecUser *owner, int dir_fd) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = openat(dir_fd, file->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
        if (fd < 0)
                return negative_errno();
        r = fd_write_all(fd, file->data, file->size);
        if (r < 0)
                return r;
        return fchmod(fd, 0400) < 0 || fchown(fd, owner->uid, owner->gid) < 0 ? negative_errno() : 0;
}

static int write_files(const MountCopy *copy, const SpecUser *owner, int dir_fd) {
        for (guint i = 0; i < copy->files->len; i++) {
                int r = write_one(&g_array_index(copy->files, CopiedFile, i), owner, dir_fd);

                if (r < 0)
                        return r;
        }
        return fchmodat(dir_fd, ".", 0500, 0) < 0 || fchownat(dir_fd, ".", owner->uid, owner->gid, 0) < 0
                        ? negative_errno()
                        : 0;
}

int mount_copy_make(const MountCopy *copy, const Spec *spec, const SpecMount *m) {
        struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
        _cleanup_close_ int fd = -EBADF;
        SpecMount writable = *m;
        int r;

        writable.attr_set &= ~(uint64_t) MOUNT_ATTR_RDONLY;
        writable.rec_attr_set &= ~(uint64_t) MOUNT_ATTR_RDONLY;
        fd = mount_make(spec, &writable, /* root_fd= */ -EBADF);
        if (fd < 0)
                return TAKE_FD(fd);
        r = write_files(copy, &spec->process.user, fd);
        if (r >= 0 && mount_setattr(fd, "", AT_EMPTY_PATH, &readonly, sizeof readonly) < 0)
                r = negative_errno();
        return r < 0 ? log_error_errno(r, "Failed to fill the mount '%s': %m", m->destination) : TAKE_FD(fd);
}
