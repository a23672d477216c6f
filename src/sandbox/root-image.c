/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns loop devices. A lock on the file says that somebody has it: it lasts as long as the loop device does,
 * which has the same open file. */

#include "sandbox/root-image.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "basic/macro.h"

/* Between the question for a free device and taking it, others may take it. */
#define ATTEMPTS 64

typedef struct Attachment {
        const SpecRootImage *image;
        const char *prefix; /* of messages */
        bool readonly;
        int file_fd, loop_fd;
        char device[32]; /* path; empty: the image's own */
} Attachment;

static void attachment_done(Attachment *a) {
        closep(&a->file_fd);
        closep(&a->loop_fd);
}

static int log_image(const Attachment *a, int r, const char *what) {
        return log_error_errno(r, "%sFailed to %s '%s': %m", a->prefix, what, a->image->path);
}

static int open_file(Attachment *a, bool look, struct stat *ret) {
        int operation = (a->readonly ? LOCK_SH : LOCK_EX) | LOCK_NB;

        a->file_fd = open(a->image->path, (a->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);
        if (a->file_fd < 0 || fstat(a->file_fd, ret) < 0)
                return log_image(a, negative_errno(), "open the root image");
        if (!S_ISREG(ret->st_mode) && !S_ISBLK(ret->st_mode))
                return log_error_errno(
                                -EINVAL, "%sThe root image '%s' is neither a file nor a block device",
                                a->prefix, a->image->path);
        if (look || flock(a->file_fd, operation) >= 0)
                return 0;
        if (errno != EWOULDBLOCK)
                return log_image(a, negative_errno(), "lock the root image");
        return log_error_errno(
                        -EBUSY,
                        "%sThe root image '%s' is in use; use ReadOnly=yes or Ephemeral=yes to share it",
                        a->prefix, a->image->path);
}

/* ---- a loop device ---- */

static int configure_loop(Attachment *a, const struct loop_config *config) {
        _cleanup_close_ int control_fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
        int n, r = -EBUSY;

        for (int i = 0; control_fd >= 0 && r == -EBUSY && i < ATTEMPTS; i++) {
                n = ioctl(control_fd, LOOP_CTL_GET_FREE);
                if (n < 0)
                        return negative_errno();
                (void) snprintf(a->device, sizeof a->device, "/dev/loop%d", n);
                closep(&a->loop_fd);
                a->loop_fd = open(a->device, (a->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
                if (a->loop_fd < 0)
                        return negative_errno();
                r = ioctl(a->loop_fd, LOOP_CONFIGURE, config) < 0 ? negative_errno() : 0;
        }
        return control_fd < 0 ? -errno : r;
}

static int attach_loop(Attachment *a) {
        struct loop_config config = {
                .fd = (uint32_t) a->file_fd,
                .info = {
                        .lo_flags = LO_FLAGS_AUTOCLEAR | (a->readonly ? LO_FLAGS_READ_ONLY : 0),
                        .lo_offset = a->image->offset,
                        .lo_sizelimit = a->image->size,
                },
        };
        int r;

        (void) g_strlcpy((char *) config.info.lo_file_name, a->image->path, sizeof config.info.lo_file_name);
        r = configure_loop(a, &config);
        if (r == -ENOENT || r == -ENXIO) /* said of the image, which is there, it would puzzle */
                return log_error_errno(
                                r, "%sThe root image '%s' needs a loop device, but %s: %m", a->prefix,
                                a->image->path, *a->device ? a->device : "/dev/loop-control");
        return r < 0 ? log_image(a, r, "attach a loop device to the root image") : 0;
}

/* ---- the mount ---- */

/* A journal that has to be replayed first is not, where nothing may be written. */
static const struct {
        const char *type, *option;
} unwritten[] = {
        { "ext4", "noload" },
        { "xfs", "norecovery" },
};

static int set_flag(int fs_fd, const char *flag) {
        return fsconfig(fs_fd, FSCONFIG_SET_FLAG, flag, NULL, 0) < 0 ? negative_errno() : 0;
}

static int configure(const Attachment *a, int fs_fd) {
        const char *device = *a->device ? a->device : a->image->path;
        int r = 0;

        if (fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", device, 0) < 0)
                return negative_errno();
        if (a->readonly)
                r = set_flag(fs_fd, "ro");
        for (size_t i = 0; r >= 0 && a->readonly && i < ELEMENTSOF(unwritten); i++)
                if (streq(a->image->type, unwritten[i].type))
                        r = set_flag(fs_fd, unwritten[i].option);
        if (r >= 0 && fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                r = negative_errno();
        return r;
}

static int make_mount(const Attachment *a) {
        unsigned attributes = MOUNT_ATTR_NODEV | (a->readonly ? MOUNT_ATTR_RDONLY : 0);
        _cleanup_close_ int fs_fd = -EBADF;
        char text[512] = "";
        int fd, r;

        fs_fd = fsopen(a->image->type, FSOPEN_CLOEXEC);
        r = fs_fd < 0 ? negative_errno() : configure(a, fs_fd);
        fd = r < 0 ? r : fsmount(fs_fd, FSMOUNT_CLOEXEC, attributes);
        if (fd >= 0)
                return fd;
        r = r < 0 ? r : negative_errno();
        /* The kernel explains some failures: "e ext4: ...". */
        if (fs_fd >= 0 && read(fs_fd, text, sizeof text - 1) > 2)
                g_strchomp(text);
        return log_error_errno(
                        r, "%sFailed to mount the root image '%s', a file system of type %s: %m%s%s%s",
                        a->prefix, a->image->path, a->image->type, *text ? " (" : "", *text ? text + 2 : "",
                        *text ? ")" : "");
}

int root_image_open(const SpecRootImage *image, bool look, const char *name) {
        _cleanup_free_ char *prefix = name ? g_strdup_printf("%s: ", name) : g_strdup("");
        _cleanup_(attachment_done) Attachment a = {
                .image = image,
                .prefix = prefix,
                .readonly = look || image->readonly,
                .file_fd = -EBADF,
                .loop_fd = -EBADF,
        };
        struct stat st;
        int r;

        r = open_file(&a, look, &st);
        if (r >= 0 && (S_ISREG(st.st_mode) || image->offset > 0 || image->size > 0))
                r = attach_loop(&a);
        return r < 0 ? r : make_mount(&a);
}
