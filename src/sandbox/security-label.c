/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns /proc/PID/attr. */

#include <fcntl.h>
#include <unistd.h>

#include "sandbox/security-label.h"

#include "basic/cleanup.h"
#include "basic/fs-util.h"
#include "basic/log.h"
#include "sandbox/proc-file.h"

#define APPARMOR_ENABLED "/sys/module/apparmor/parameters/enabled"
#define SELINUX_ENFORCE  "/sys/fs/selinux/enforce"

static bool apparmor_is_enabled(void) {
        _cleanup_free_ char *text = NULL;

        return read_file_at(AT_FDCWD, APPARMOR_ENABLED, &text, NULL) >= 0 && *text == 'Y';
}

int security_label_check(const Spec *spec) {
        const char *label = "/linux/mountLabel";

        if (!isempty(spec->process.apparmor_profile) && !apparmor_is_enabled())
                return log_error_errno(
                                -EINVAL,
                                "#/process/apparmorProfile: '%s' needs AppArmor, which is not enabled",
                                spec->process.apparmor_profile);
        if (!isempty(spec->process.selinux_label))
                label = "/process/selinuxLabel";
        else if (isempty(spec->linux_.mount_label))
                return 0;
        if (access(SELINUX_ENFORCE, F_OK) < 0)
                return log_error_errno(-EINVAL, "#%s: needs SELinux, which is not enabled", label);
        return 0;
}

static int write_attribute(int fd, const char *text) {
        return write(fd, text, strlen(text)) < 0 ? negative_errno() : 0;
}

int security_label_set_apparmor(const char *profile, int proc_fd) {
        _cleanup_free_ char *command = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (isempty(profile))
                return 0;

        /* Beside another security module AppArmor has a file of its own, since Linux 5.8. */
        fd = proc_open_own(proc_fd, "attr/apparmor/exec", O_WRONLY);
        if (fd == -ENOENT)
                fd = proc_open_own(proc_fd, "attr/exec", O_WRONLY);
        if (fd < 0)
                return log_error_errno(fd, "Failed to open the AppArmor attribute of this process: %m");

        command = g_strconcat("exec ", profile, NULL);
        r = write_attribute(fd, command);
        if (r == -EINVAL)
                return log_error_errno(
                                r, "Failed to set AppArmor profile '%s': AppArmor is not enabled", profile);
        if (r == -ENOENT)
                return log_error_errno(r, "Failed to set AppArmor profile '%s': it is not loaded", profile);
        if (r < 0)
                return log_error_errno(r, "Failed to set AppArmor profile '%s': %m", profile);
        return 0;
}

int security_label_set_selinux(const char *label, int proc_fd) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (isempty(label))
                return 0;

        fd = proc_open_own(proc_fd, "attr/exec", O_WRONLY);
        if (fd < 0)
                return log_error_errno(fd, "Failed to open the SELinux attribute of this process: %m");

        r = write_attribute(fd, label);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to set SELinux label '%s' (enabled, and a valid label?): %m",
                                label);
        return 0;
}

static int write_keys(int proc_fd, const char *text) {
        _cleanup_close_ int fd = proc_open_own(proc_fd, "attr/keycreate", O_WRONLY);

        return fd < 0 ? fd : write_attribute(fd, text);
}

int security_label_set_keys(const char *label, int proc_fd) {
        int r = isempty(label) ? 0 : write_keys(proc_fd, label);

        return r < 0 ? log_error_errno(r, "Failed to set SELinux label '%s' for keys: %m", label) : 0;
}

int security_label_reset_keys(const char *label, int proc_fd) {
        int r = isempty(label) ? 0 : write_keys(proc_fd, "\n");

        return r < 0 ? log_error_errno(r, "Failed to reset the SELinux label for keys: %m") : 0;
}
