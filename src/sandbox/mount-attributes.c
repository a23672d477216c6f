/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns how the words of a mount's options that are attributes become mount_setattr(2). */

#include "sandbox/mount-attributes.h"

#include <fcntl.h>
#include <sys/mount.h>

#include "basic/log.h"

/* In a user namespace that is not the mount's, the access times are what they were made. Does not log. */
static int set_attr(int fd, unsigned flags, struct mount_attr *attr) {
        if (mount_setattr(fd, "", AT_EMPTY_PATH | flags, attr, sizeof *attr) >= 0)
                return 0;
        if (errno != EPERM || !(attr->attr_clr & MOUNT_ATTR__ATIME))
                return negative_errno();
        attr->attr_set &= ~(uint64_t) MOUNT_ATTR__ATIME;
        attr->attr_clr &= ~(uint64_t) MOUNT_ATTR__ATIME;
        return mount_setattr(fd, "", AT_EMPTY_PATH | flags, attr, sizeof *attr) < 0 ? negative_errno() : 0;
}

static const char *locked_hint(int error) {
        return error == -EPERM ? " (in a user namespace a mount from outside can only be made stricter)"
                               : "";
}

int mount_attributes_set(int fd, const SpecMount *m) {
        struct mount_attr attr = { .attr_set = m->attr_set, .attr_clr = m->attr_clear };
        struct mount_attr rec = { .attr_set = m->rec_attr_set, .attr_clr = m->rec_attr_clear };
        int r;

        /* The atime modes are one field: it has to be cleared before one of them can be set
         * (mount_setattr(2)). */
        if (attr.attr_set & MOUNT_ATTR__ATIME)
                attr.attr_clr |= MOUNT_ATTR__ATIME;
        if (rec.attr_set & MOUNT_ATTR__ATIME)
                rec.attr_clr |= MOUNT_ATTR__ATIME;

        if ((attr.attr_set | attr.attr_clr) != 0) {
                r = set_attr(fd, 0, &attr);
                if (r < 0)
                        return log_error_errno(
                                        r, "Failed to set the options of mount '%s': %m%s", m->destination,
                                        locked_hint(r));
        }
        if ((rec.attr_set | rec.attr_clr) != 0) {
                r = set_attr(fd, AT_RECURSIVE, &rec);
                if (r < 0)
                        return log_error_errno(
                                        r, "Failed to set the recursive options of mount '%s': %m%s",
                                        m->destination, locked_hint(r));
        }
        return 0;
}
