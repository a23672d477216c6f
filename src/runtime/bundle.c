/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/bundle.h"

#include <fcntl.h>
#include <unistd.h>

#include "basic/fs-util.h"
#include "basic/log.h"
#include "spec/spec.h"

int bundle_write_template(const char *directory, const char *file, bool rootless) {
        const char *name = isempty(file) ? "config.json" : file;
        _cleanup_free_ char *path = NULL, *text = NULL;
        int r;

        path = isempty(directory) || *name == '/' ? g_strdup(name) : g_build_filename(directory, name, NULL);
        if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                return log_error_errno(
                                -EEXIST, "File %s exists. Remove it first%s%s", name,
                                streq(name, path) ? "" : ": ", streq(name, path) ? "" : path);
        text = spec_template(rootless, geteuid(), getegid());
        r = write_file_atomic_at(AT_FDCWD, path, text, strlen(text), 0666 & ~0022);
        return r < 0 ? log_error_errno(r, "Failed to write '%s': %m", path) : 0;
}
