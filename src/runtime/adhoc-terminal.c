/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "runtime/adhoc-terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "basic/log.h"
#include "runtime/console-forward.h"
#include "runtime/end-report.h"

void adhoc_terminal_done(AdhocTerminal *t) {
        closep(&t->slave);
        closep(&t->master);
        *t = ADHOC_TERMINAL_NULL;
}

int adhoc_terminal_open(AdhocTerminal *ret) {
        _cleanup_(adhoc_terminal_done) AdhocTerminal t = ADHOC_TERMINAL_NULL;
        int unlocked = 0;

        t.master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (t.master < 0)
                return log_error_errno(negative_errno(), "Failed to open '/dev/ptmx': %m");
        if (ioctl(t.master, TIOCSPTLCK, &unlocked) < 0 || ioctl(t.master, TIOCGPTN, &t.number) < 0)
                return log_error_errno(negative_errno(), "Failed to set up a pty: %m");
        t.slave = ioctl(t.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (t.slave < 0)
                return log_error_errno(negative_errno(), "Failed to open the other end of a pty: %m");
        console_copy_size(t.master);
        *ret = t;
        t = ADHOC_TERMINAL_NULL;
        return 0;
}

int adhoc_terminal_take(const char *id) {
        _cleanup_free_ char *path = NULL;
        EndReport report;
        int fd;

        if (end_report_lost_terminal(id))
                return log_error_errno(-ENOTTY, "berth-run, whose terminal this was to have, has ended");
        if (end_report_wanted(id, &report) <= 0 || report.terminal == END_REPORT_UNKNOWN)
                return 0;
        path = g_strdup_printf("/dev/pts/%" G_GUINT64_FORMAT, report.terminal);
        fd = open(path, O_RDWR | O_CLOEXEC); /* who leads a session without a terminal gets it as its own */
        if (fd < 0)
                return log_error_errno(negative_errno(), "Failed to open '%s': %m", path);
        for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
                if (dup2(fd, i) < 0)
                        return log_error_errno(negative_errno(), "Failed to use '%s': %m", path);
        (void) close(fd);
        return 1;
}
