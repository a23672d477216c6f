/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Owns the pty of a container: where it comes from, where it appears, who gets its ends. */

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sandbox/console.h"

#include "basic/fs-util.h"
#include "basic/log.h"
#include "basic/socket-util.h"
#include "sandbox/mount-fd.h"

void console_done(Console *console) {
        closep(&console->master);
        closep(&console->slave);
        *console = CONSOLE_NULL;
}

/* Opening ptmx makes a pty; any other file there would be the image's trick to be written to. Does not log.
 */
static int open_ptmx(int root_fd) {
        _cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;
        struct statfs fs;
        struct stat st;

        dir_fd = open_in_root(root_fd, "/dev/pts", O_PATH | O_DIRECTORY);
        if (dir_fd < 0)
                return dir_fd;
        if (fstatfs(dir_fd, &fs) < 0)
                return negative_errno();
        if (fs.f_type != DEVPTS_SUPER_MAGIC)
                return -ENODEV;

        fd = open_beneath(dir_fd, "ptmx", O_RDWR | O_NOCTTY);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
                return negative_errno();
        if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
                return -ENODEV;
        return TAKE_FD(fd);
}

static int set_size(int master, const SpecProcess *process) {
        struct winsize size = {
                .ws_row = process->console_height.value,
                .ws_col = process->console_width.value,
        };

        if (!process->console_height.set && !process->console_width.set)
                return 0;
        return ioctl(master, TIOCSWINSZ, &size) < 0 ? negative_errno() : 0;
}

int console_open(int root_fd, const SpecProcess *process, Console *ret) {
        _cleanup_(console_done) Console console = CONSOLE_NULL;
        unsigned number;
        int unlocked = 0, r;

        console.master = open_ptmx(root_fd);
        if (console.master < 0)
                return log_error_errno(
                                console.master,
                                "Failed to open '/dev/pts/ptmx' of the container, which has to be a devpts: "
                                "%m");

        if (ioctl(console.master, TIOCSPTLCK, &unlocked) < 0 || ioctl(console.master, TIOCGPTN, &number) < 0)
                return log_error_errno(negative_errno(), "Failed to set up the container's pty: %m");
        /* By its own master, not by name: nothing can stand in for it. */
        console.slave = ioctl(console.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (console.slave < 0)
                return log_error_errno(
                                negative_errno(), "Failed to open the other end of the container's pty: %m");

        r = set_size(console.master, process);
        if (r < 0)
                return log_error_errno(r, "Failed to set the size of the container's terminal: %m");
        if (fchown(console.slave, process->user.uid, -1) < 0 && errno != EPERM && errno != EINVAL)
                return log_error_errno(
                                negative_errno(), "Failed to give the container's terminal to user %u: %m",
                                process->user.uid);

        (void) snprintf(console.name, sizeof console.name, "/dev/pts/%u", number);
        *ret = TAKE(console, CONSOLE_NULL);
        return 0;
}

int console_mount(int root_fd, const Console *console) {
        _cleanup_close_ int dir_fd = -EBADF, source = -EBADF, target = -EBADF;
        const char *name;
        int r;

        source = mount_fd_clone(console->slave, false);
        if (source < 0)
                return log_error_errno(source, "Failed to copy the mount of the container's terminal: %m");

        dir_fd = open_parent_in_root(root_fd, "/dev/console", &name);
        if (dir_fd < 0)
                return log_error_errno(dir_fd, "Failed to open '/dev' of the container: %m");
        target = mount_fd_file_target(dir_fd, name);
        if (target < 0)
                return log_error_errno(target, "Failed to make '/dev/console' of the container: %m");

        r = mount_fd_attach(source, target);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to mount the terminal on '/dev/console' of the container: %m");
        return 0;
}

int console_attach(const Console *console) {
        /* EPERM: leads a session already, which TIOCSCTTY then tells about. */
        if (setsid() < 0 && errno != EPERM)
                return log_error_errno(negative_errno(), "Failed to start a session: %m");
        if (ioctl(console->slave, TIOCSCTTY, 0) < 0)
                return log_error_errno(
                                negative_errno(), "Failed to make '%s' the controlling terminal: %m",
                                console->name);

        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
                if (dup2(console->slave, fd) < 0)
                        return log_error_errno(
                                        negative_errno(), "Failed to make '%s' descriptor %d: %m",
                                        console->name, fd);
        return 0;
}

int console_send(const char *socket_path, int master_fd, const char *pty_name) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = socket_connect_unix(socket_path, SOCK_STREAM);
        if (fd < 0)
                return log_error_errno(fd, "Failed to connect to the console socket '%s': %m", socket_path);

        r = socket_send_fds(fd, pty_name, strlen(pty_name), &master_fd, 1);
        if (r < 0)
                return log_error_errno(
                                r, "Failed to send the terminal to the console socket '%s': %m",
                                socket_path);
        return 0;
}
