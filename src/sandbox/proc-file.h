/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files of a procfs that is held by descriptor. A container may have put anything over /proc: what is
 * written to the wrong file there protects nobody, or hits something else (CVE-2019-16884, CVE-2025-52881).
 */

/* A procfs of our pid namespace that nothing is mounted over and that no path leads to. In a user namespace
 * that may not make one, because parts of the visible one are hidden, it is the one at "/proc": so this is
 * to be called before the container's root is entered. Returns a descriptor. Logs. */
int proc_open(void);

/* Opens a file of this process, such as "attr/exec", also in a procfs of another pid namespace, where we
 * have another number. Does not log. -ENODEV: this is no procfs. */
int proc_open_own(int proc_fd, const char *name, int flags);
